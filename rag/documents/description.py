"""What an official document says of itself: type, number, issuer, dates, and what it does to others. Nothing here does I/O.

Rules over the letterhead, the title and the articles about force; a person confirms the result. What is named without a
number ("Pháp lệnh Thú y") cannot be related, and dates that only hold for some articles are not read: `in_force` is the date
that the document says of itself as a whole.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import takewhile

from rag.documents.issuers import cased, issuer_of, territory_of
from rag.documents.marks import in_capitals, mark_of
from rag.documents.pages import Block, BlockKind
from rag.documents.references import (
    DATE,
    NUMBER,
    Place,
    dates_in,
    numbers_in,
    places_in,
    tidy_number,
    without_quotes,
    written,
)
from rag.documents.structure import lines_of, units_of
from rag.documents.units import Description, Relation, RelationKind, Unit, UnitKind
from rag.text import clean, fold, sentences

# With the letters by which numbers tell them.
_TYPES = {
    "Bộ luật": "", "Luật": "", "Hiến pháp": "", "Lệnh": "L", "Pháp lệnh": "PL", "Nghị định": "NĐ", "Nghị quyết liên tịch": "NQLT",
    "Nghị quyết": "NQ", "Thông tư liên tịch": "TTLT", "Thông tư": "TT", "Quyết định": "QĐ", "Chỉ thị": "CT", "Thông báo": "TB",
    "Kế hoạch": "KH", "Hướng dẫn": "HD", "Công điện": "CĐ", "Tờ trình": "TTr", "Báo cáo": "BC", "Văn bản hợp nhất": "VBHN",
    "Quy chế": "QC", "Quy định": "QyĐ", "Công văn": "CV",
}  # fmt: skip
_OF_LETTERS = {letters: name for name, letters in _TYPES.items() if letters}
_NAMES = "|".join(sorted(_TYPES, key=len, reverse=True))
_TYPE_LINE = re.compile(rf"(?P<type>{_NAMES.upper()})(?!\w) ?[:.]? ?(?P<title>.*)")
_OWN_NUMBER = re.compile(rf"S[ốôoồổó] ?[:.;]? ?(?P<number>{NUMBER})", re.IGNORECASE)
_NUMBERED = re.compile(r"(?<!\w)S[ốôoồổó] ?[:.]", re.IGNORECASE)
_FILE_NUMBER = re.compile(
    r"(?<!\d)(\d{1,5})[-_. ]((?:19|20)\d\d)[-_. ](QH\d{1,2}|(?:ND|NĐ)[-_]CP|TT[-_][A-ZĐ]{2,8}|Q[DĐ][-_][A-ZĐ]{2,6}|QD[-_]TTg)",
    re.IGNORECASE,
)
_ISSUED = re.compile(rf"(?:^|\s)\w[\w. ]{{1,40}}, ?(?P<date>{DATE})")
_PASSED = re.compile(rf"thông qua (?P<date>{DATE})")
_BASES = re.compile(r"(?:[-+*–] ?)?(?:Căn cứ|Theo đề nghị|Xét đề nghị|Thực hiện|Kính gửi)(?!\w)")
_BASE = re.compile(r"(?:[-+*–] ?)?C[ăâa]n c[ứưu](?!\w)", re.IGNORECASE)
_AFTER_TITLE = re.compile(
    r"(?:[-+*–] ?)?(?:Căn cứ|Theo đề nghị|Xét|Thực hiện|Kính gửi|Số ?:|[_*–—-]{3,}|\(|(?:CHÍNH PHỦ|QUỐC HỘI|BỘ TRƯỞNG|CHỦ TỊCH|THỦ TƯỚNG|"
    r"ỦY BAN|HỘI ĐỒNG|GIÁM ĐỐC|TỔNG GIÁM ĐỐC|THỐNG ĐỐC|CHÁNH ÁN|VIỆN TRƯỞNG)(?!\w)|[\w ,-]{3,80} ban hành (?:Luật|Bộ luật|Nghị|Thông|Quyết|Pháp))"
)
_SUBJECT = re.compile(r"(?:V/v|Về việc)[: ]{0,2}(?P<title>.+)", re.IGNORECASE)
_COUNTRY = re.compile(r"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM|ĐỘC LẬP ?[-–—] ?TỰ DO", re.IGNORECASE)
_HEAD_LINES = 40
_TITLE_CHARS = 600

_REFERENCE_BROKEN = re.compile(
    r"((?<!\w)(?:số|ngày|tháng|năm|điểm|khoản|điều|luật|nghị định|thông tư|quyết định))\n", re.IGNORECASE
)
_THIS = rf"(?:{_NAMES}|Văn bản) (?:này|trên)"
_FORCE = re.compile(
    rf"(?:{_THIS}|(?:{_NAMES}))(?: và .{{1,80}}?)? (?:bắt đầu )?có hiệu lực(?: thi hành)?", re.IGNORECASE
)
_AFTER_DAYS = re.compile(
    r"sau (?P<days>\d{1,3})(?: \([^)]{1,30}\))? ngày,? (?:kể )?từ ngày (?:ký|ban hành|thông qua|công bố)"
)
_ON_SIGNING = re.compile(r"(?:kể )?từ ngày (?:được )?(?:ký|ban hành|thông qua)")
_UNTIL = re.compile(rf"đến (?:hết )?(?P<date>{DATE})")
_BUDGET_YEAR = re.compile(r"từ năm ngân sách (?P<year>\d{4})")
_EXPIRES = re.compile(
    rf"{_THIS}.{{0,120}}?(?:hết hiệu lực|(?:được )?thực hiện|áp dụng).{{0,80}}?(?:từ|đến|hết|vào) (?P<date>{DATE})",
    re.IGNORECASE,
)
_ABOUT_FORCE = re.compile(
    r"hiệu lực|thi hành|thực hiện|bãi bỏ|thay thế|sửa đổi|chuyển tiếp|điều khoản cuối", re.IGNORECASE
)

_AMENDERS = re.compile(
    r"(?:đã )?(?:được|dược) sửa đổi(?:, ?| và )?(?:bổ sung)?.{0,120}?(?:theo|bởi|tại|bằng) (?:(?!hết hiệu lực|bị bãi bỏ|như sau|, trừ)[^;]){0,800}"
)
_EXCEPT = re.compile(r",? (?:trừ|ngoại trừ)(?!\w)")
_ENDED = re.compile(r"(?:hết|chấm dứt|không còn) hiệu lực")
_DOCUMENTS = rf"(?:cho )?(?:các |toàn bộ )?(?:văn bản|{_NAMES})"
_REPLACES = re.compile(rf"(?<!bị )thay thế {_DOCUMENTS}(?!\w)", re.IGNORECASE)
_REPEALS = re.compile(r"(?<!\w)bãi bỏ(?!\w)", re.IGNORECASE)
_AMENDS = re.compile(
    r"(?:sửa đổi|bổ sung|thay thế|thay(?: các)? cụm từ|bỏ(?: các)? cụm từ|thay đổi)(?!\w)", re.IGNORECASE
)
_AMENDED_SO = re.compile(r"được (?:sửa đổi|bổ sung|thay thế)", re.IGNORECASE)
_SOME = re.compile(
    r"(?<!\w)(?:một số|các) (?:điều|khoản|điểm|nội dung|quy định|văn bản|cụm từ|từ)(?!\w)", re.IGNORECASE
)
_DETAILS = re.compile(r"(?:quy định chi tiết|hướng dẫn|biện pháp thi hành)(?!\w)", re.IGNORECASE)
_SINCE = re.compile(rf"từ (?P<date>{DATE})")


def describe(blocks: Sequence[Block], declared: Mapping[str, str] | None = None, name: str = "") -> Description:
    """Read a document's description from its words, else its number from the file's `name` and its title from `declared`."""
    units = units_of(blocks)
    head, bases = _head(blocks)
    flat = " ".join(head)
    number = _number(flat, name)
    kind, title = _type_and_title(head, number)
    issuer = issuer_of(_letterhead(head), number)
    issued = _issued(flat, units)
    force, expires = _force(units, issued)
    relations = _relations(units, bases, title, number)
    return Description(
        kind, number, title or _fallback_title(blocks, declared or {}), issuer, issued, force, expires,
        territory_of(issuer, flat) or "toàn quốc", tuple(replace(r, since=r.since or force) for r in relations),
    )  # fmt: skip


# -- the letterhead


def _head(blocks: Sequence[Block]) -> tuple[list[str], list[str]]:
    """Return the lines before the body, and among those after the title the bases ("Căn cứ …")."""
    head: list[str] = []
    bases: list[str] = []
    for line in _plain_lines(blocks):
        mark = mark_of(line)
        if mark and mark.kind in (UnitKind.ARTICLE, UnitKind.CHAPTER, UnitKind.PART):
            break
        if _BASE.match(line):
            bases.append(line)
        elif bases and _goes_on(bases[-1], line):
            bases[-1] = f"{bases[-1]} {line}"
        if not bases and not _BASES.match(line) and len(head) < _HEAD_LINES:
            head.append(line)
        elif not bases and len(head) >= _HEAD_LINES:
            break
    return head, bases


def _goes_on(base: str, line: str) -> bool:
    """Tell whether a base that is not ended goes on in the next line."""
    ended = base.endswith((";", ".")) or len(base) > _TITLE_CHARS
    return not (ended or _AFTER_TITLE.match(line) or in_capitals(line))


def _plain_lines(blocks: Iterable[Block]) -> Iterator[str]:
    for line in lines_of(blocks):
        if line.table:
            yield from (part for row in line.table.rows for cell in row for part in clean(cell).split("\n") if part)
        elif line.text:
            yield line.text


def _letterhead(head: Sequence[str]) -> Iterator[str]:
    """Yield the lines of capitals above the number, or before it in its own line, without the country's name and motto."""
    for line in head[:12]:
        if _TYPE_LINE.match(line):
            return
        numbered = _NUMBERED.search(line[:200])
        line = re.split(r"CỘNG HÒA|Độc lập|ĐỘC LẬP", line[: numbered.start()] if numbered else line)[0].strip()
        if line and in_capitals(line):
            yield line
        if numbered:
            return


def _number(flat: str, name: str) -> str:
    if match := _OWN_NUMBER.search(flat):
        return tidy_number(match["number"])
    if match := _FILE_NUMBER.search(name):
        letters = match[3].replace("_", "-").upper().replace("ND-", "NĐ-").replace("QD-", "QĐ-").replace("TTG", "TTg")
        return f"{match[1]}/{match[2]}/{letters}"
    return ""


def _type_and_title(head: Sequence[str], number: str) -> tuple[str, str]:
    for n, line in enumerate(head):
        match = _TYPE_LINE.match(line)
        if match and (not match["title"] or in_capitals(match["title"]) or match["title"][0].isupper()):
            return match["type"].capitalize(), _title([match["title"], *head[n + 1 :]])
    letters = next((part for part in re.split(r"[-/\d]+", number) if part in _OF_LETTERS), "")
    subject = next((n for n, line in enumerate(head) if _SUBJECT.match(line)), None)
    title = "" if subject is None else _subject(head[subject:])
    return _OF_LETTERS.get(letters, "Công văn" if number and "QH" not in number else ""), title


def _subject(lines: Sequence[str]) -> str:
    """Return what a letter is about: the lines from "V/v …" on, up to the name of the country that stands beside them."""
    told = list(takewhile(lambda line: not _COUNTRY.match(line), lines))
    return _title([_SUBJECT.match(told[0])["title"], *told[1:]])  # type: ignore[index]


def _title(lines: Sequence[str]) -> str:
    """Return the lines of a title as one, up to what follows titles."""
    words: list[str] = []
    for line in lines:
        dated = _ISSUED.search(line) or _OWN_NUMBER.match(line)
        if (words and (_AFTER_TITLE.match(line) or dated)) or sum(map(len, words)) > _TITLE_CHARS:
            break
        if line and not (_AFTER_TITLE.match(line) or dated or mark_of(line)):
            words.append(line)
    title = " ".join(words)
    return (cased(title) if in_capitals(title) else title).rstrip(".;")


def _fallback_title(blocks: Sequence[Block], declared: Mapping[str, str]) -> str:
    heading = next((clean(b.text).replace("\n", " ") for b in blocks if b.kind is BlockKind.HEADING), "")
    return (heading or clean(declared.get("title", "")))[:_TITLE_CHARS]


def _issued(flat: str, units: Sequence[Unit]) -> date | None:
    found = _ISSUED.search(flat)
    if not found:
        closing = next((u.text for u in reversed(units) if _PASSED.search(u.text)), "")
        found = _PASSED.search(closing)
    return next(iter(dates_in(found["date"])), None) if found else None


def _sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a unit; a line that ends within a reference ("Thông tư số") goes on in the next one."""
    for line in _REFERENCE_BROKEN.sub(r"\1 ", text).split("\n"):
        yield from sentences(line)


# -- force


def _force(units: Sequence[Unit], issued: date | None) -> tuple[date | None, date | None]:
    """Return from when and until when the document says it is in force; the last article that says so counts."""
    force = expires = None
    for unit in reversed(units):
        if unit.amends:
            continue
        for sentence in _sentences(unit.text):
            said = _FORCE.match(sentence)
            if said and not _ENDED.match(sentence[max(0, said.end() - 30) :]):
                rest = sentence[said.end() :]
                until = _UNTIL.search(rest)
                expires = expires or (until and next(iter(dates_in(until["date"])), None))
                force = force or _from(_EXCEPT.split(rest[: until.start()] if until else rest)[0], issued)
            elif ended := _EXPIRES.match(sentence):
                expires = expires or next(iter(dates_in(ended["date"])), None)
    return force, expires


def _from(rest: str, issued: date | None) -> date | None:
    """Read "kể từ ngày …" after "có hiệu lực"."""
    if issued and (match := _AFTER_DAYS.search(rest)):
        return issued + timedelta(days=int(match["days"]))
    if dated := dates_in(rest):
        return dated[0]
    if match := _BUDGET_YEAR.search(rest):
        return date(int(match["year"]), 1, 1)
    return issued if _ON_SIGNING.search(rest) else None


# -- what it does to others


@dataclass(frozen=True, slots=True)
class _Said:
    """What a unit says for those below it: which document is meant, which of its units, and what is done to it."""

    number: str = ""
    within: Place = ("", "", "")
    kind: RelationKind | None = None


def _relations(units: Sequence[Unit], bases: Sequence[str], title: str, own: str) -> list[Relation]:
    found: list[Relation] = []
    amended = numbers_in(_AMENDERS.sub(" ", title)) if _AMENDS.match(title) or _REPEALS.match(title) else []
    said: dict[tuple[str, ...], _Said] = {(): _Said(amended[0] if len(amended) == 1 else "")}
    articles = [unit.path for unit in units if unit.kind is UnitKind.ARTICLE and len(unit.path) == 1]
    about = {unit.path for unit in units if _ABOUT_FORCE.search(unit.heading) or unit.path in articles[-3:]}
    for unit in units:
        if unit.amends or unit.kind is UnitKind.FORM:
            continue
        above = next((said[unit.path[:n]] for n in range(len(unit.path) - 1, -1, -1) if unit.path[:n] in said), _Said())
        within = said.setdefault(unit.path, above)
        ends = bool(amended) or unit.path[:1] in about or bool(_AMENDS.match(unit.text))
        for part in filter(None, (unit.heading, *_sentences(unit.text))):
            relations, within = _read(part, within, ends)
            found += relations
        said[unit.path] = within
        if fold(unit.path[-1]).startswith("can cu phap ly"):
            found += [Relation(RelationKind.GUIDES, number) for number in numbers_in(unit.text)]
    if amended and not any(r.kind in (RelationKind.AMENDS, RelationKind.REPEALS) for r in found):
        kind = RelationKind.REPEALS if _REPEALS.match(title) else RelationKind.AMENDS
        found += [Relation(kind, number) for number in amended]
    details = [title] if _DETAILS.search(title) else []
    found += [Relation(RelationKind.GUIDES, number) for text in (*bases, *details) for number in numbers_in(text)]
    return _merged(relation for relation in found if relation.number != own)


def _read(sentence: str, above: _Said, ends: bool) -> tuple[list[Relation], _Said]:
    """Return what a sentence does to other documents, and what it leaves to be said by the items below it."""
    text = _EXCEPT.split(_AMENDERS.sub(" ", without_quotes(sentence)), maxsplit=1)[0]
    meant = _meant(text, above.within)
    number = meant[0][0] if meant else above.number
    named = places_in(text, above.within)
    article = named[0][0] if named else above.within[0]
    within = named[0] if len(named) == 1 else (article, "", "")
    left = _Said(number, within if sentence.endswith(":") else above.within, above.kind)
    kind, part = _kind(text, ends)
    if kind is None:
        if above.kind and (meant or (named and above.number)):  # an item of what its clause announces
            return _made(above.kind, text, above), left
        return [], left if sentence.endswith(":") or not ends else _Said(above.number, above.within, above.kind)
    if sentence.endswith(":") and (_SOME.search(part) or not _names_something(part)):
        return [], replace(left, kind=kind)  # the items below say which
    made = _made(kind, part, replace(above, number=number))
    day = _SINCE.search(text) if kind is not RelationKind.AMENDS else None
    since = next(iter(dates_in(day["date"])), None) if day and _ENDED.search(text) else None
    return [replace(relation, since=since) for relation in made], replace(
        left, kind=kind if sentence.endswith(":") else above.kind
    )


def _names_something(text: str) -> bool:
    """Tell whether a text names documents or units."""
    return bool(numbers_in(text) or places_in(text))


def _kind(text: str, ends: bool) -> tuple[RelationKind | None, str]:
    """Return what a sentence does, and the part of it that says to what."""
    if ended := _ENDED.search(text):
        before = text[: ended.start()]
        if re.match(_THIS, before) or not ends:
            return None, ""
        return (RelationKind.REPEALS if places_in(before) else RelationKind.REPLACES), before
    if ends and (match := _REPLACES.search(text)):
        return RelationKind.REPLACES, text[match.start() :]
    if ends and (match := _REPEALS.search(text)):
        return RelationKind.REPEALS, text[match.end() :]
    if ends and (_AMENDS.match(text) or _AMENDED_SO.search(text)):
        return RelationKind.AMENDS, text
    return None, ""


def _meant(text: str, within: Place) -> list[tuple[str, list[Place]]]:
    """Return the documents that are numbered in a text, each with the units of it named before its number."""
    found: list[tuple[str, list[Place]]] = []
    start = 0
    for match in re.finditer(rf"(?<![\w/.]){NUMBER}", text):
        found.append((tidy_number(match.group()), places_in(text[start : match.start()], within)))
        start = match.end()
    return found


def _made(kind: RelationKind, text: str, above: _Said) -> list[Relation]:
    meant = _meant(text, above.within)
    if not meant and above.number:
        places = places_in(text, above.within)
        meant = [(above.number, places)] if any(place[0] for place in places) else []
    return [Relation(kind, number, tuple(written(place) for place in places if place[0])) for number, places in meant]


def _merged(relations: Iterable[Relation]) -> list[Relation]:
    """Join what is said of one document: units of it, unless the whole of it ends; a base only if nothing else is said."""
    joined: dict[tuple[RelationKind, str, date | None], Relation] = {}
    for relation in relations:
        key = relation.kind, relation.number, relation.since
        before = joined.get(key, relation)
        units = tuple(dict.fromkeys((*before.units, *relation.units)))
        whole = relation.kind is not RelationKind.AMENDS and not (before.units and relation.units)
        joined[key] = replace(relation, units=() if whole else units)
    changed = {relation.number for relation in joined.values() if relation.kind is not RelationKind.GUIDES}
    return [r for r in joined.values() if r.kind is not RelationKind.GUIDES or r.number not in changed]
