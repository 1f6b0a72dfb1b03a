"""Checkable facts inside a Vietnamese text: amounts, dates, periods, phones, links, forms, documents.

An atom is what a learner acts on and what can be compared by value: "15.000 đồng" and "15 nghìn đồng"
are one atom, "3 ngày" and "3 ngày làm việc" are two. `missing` is the fact lock: the atoms of a claim
that its evidence does not contain. Text overlap cannot do this: one wrong digit in a sentence still
scores a token F1 of 0.957. Nothing here does I/O.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rag.text import clean


class AtomKind(StrEnum):
    """What sort of fact an atom is."""

    URL = "url"
    EMAIL = "email"
    DOCUMENT = "document"
    DATE = "date"
    MONEY = "money"
    PERCENT = "percent"
    FORM = "form"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Atom:
    """One fact: its kind, its canonical value, its unit ("" when none) and the words it was read from."""

    kind: AtomKind
    value: str
    unit: str
    text: str


_UNITS = (
    "ngày làm việc|giờ làm việc|ngày|tháng|năm|tuần|giờ|phút|giây|tuổi|lần|người|bước|ký tự|chữ số|số|"
    "thẻ|phiếu|bản|ảnh|trang|điểm|km|m2|cm|mm|kg|MB|GB|chiều|nhóm|thủ tục|dịch vụ|xã|tỉnh"
).replace(" ", r"\s")
_SPELLED_UNITS = r"ngày\slàm\sviệc|giờ\slàm\sviệc|ngày|tháng|năm|tuần|giờ|phút|tuổi|lần|bản|đồng"
# What is counted before its number: "mức 2" is no "2 ngày".
_PREFIXES = {"mức": "mức", "mức độ": "mức", "điều": "điều", "khoản": "khoản", "chương": "chương", "bước": "thứ bước"}
_DIGIT_WORDS = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7, "bẩy": 7,
    "tám": 8, "chín": 9, "nửa": 0.5,
}  # fmt: skip
_NAMES = {str(n): [word for word, value in _DIGIT_WORDS.items() if value == n] for n in range(1, 10)} | {"10": ["mười"]}
_PLACES = {"mươi": 10, "trăm": 100, "nghìn": 10**3, "ngàn": 10**3, "triệu": 10**6, "tỷ": 10**9, "tỉ": 10**9}
_SPELLED = "|".join([*_DIGIT_WORDS, *_PLACES, "mười", "linh", "lẻ"])
_SCALES = {"": 1, "nghìn": 10**3, "ngàn": 10**3, "k": 10**3, "triệu": 10**6, "tr": 10**6, "tỷ": 10**9, "tỉ": 10**9}

_PATTERN = re.compile(
    rf"""
    (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<url>https?://[^\s<>"'“”()\]]+|\b(?:[a-z0-9-]+\.)+(?:gov\.vn|com\.vn|edu\.vn|org\.vn|vn|com|org|net|info|gle)\b(?:/[^\s<>"'“”()\]]*)?)
  | (?P<document>\b\d{{1,5}}/(?:\d{{4}}/)?(?:[A-ZĐ]+\d*)(?:-[A-ZĐ]+\d*)+\b|\b\d{{1,5}}/\d{{4}}/QH\d+\b|\b\d{{1,4}}/(?:19|20)\d{{2}}(?:/[A-ZĐ]+\d*)?\b(?!/))
  | (?P<date>\b\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}\b|\b\d{{4}}-\d{{2}}-\d{{2}}\b
      |\b[Nn]gày\s\d{{1,2}}\stháng\s\d{{1,2}}(?:\snăm\s\d{{4}})?|\b[Tt]háng\s\d{{1,2}}[/-]\d{{4}}|\b[Tt]háng\s\d{{1,2}}\snăm\s\d{{4}}
      |\b[Nn]gày\s\d{{1,2}}/\d{{1,2}}\b(?!/))
  | (?P<money>\b\d(?:[\d.,]*\d)?\s?(?:(?:nghìn|ngàn|triệu|tỷ|tỉ|k|tr)\s?)?(?:đồng|VNĐ|VND|đ)(?!\w)|\b\d(?:[\d.,]*\d)?\s?(?:nghìn|ngàn|triệu|tỷ|tỉ)(?!\w))
  | (?P<percent>\b\d(?:[\d.,]*\d)?\s?%)
  | (?P<form>\b[A-ZĐ]{{1,4}}\d{{1,3}}[a-z]?\b|\b[A-ZĐ]{{2,4}}-\d{{2}}\b)
  | (?P<prefixed>\b(?i:(?P<prefix>mức(?:\sđộ)?|điều|khoản|chương|bước)\s\d+)(?![\w/]|[.,]\d|\s?(?:%|đồng|nghìn|ngàn|triệu|tỷ|tỉ)))
  | (?P<number>(?<![\w.])(?:(?:\+84|0)(?:[\s.]?\d){{8,10}}(?!\d)|1[89]00(?:[\s.]?\d){{4,6}}(?!\d)|\d+(?:[.,]\d+)*)(?:\s(?P<unit>{_UNITS})(?!\w|\s\d{{1,2}}(?:\stháng|/)))?)
  | (?P<words>\b(?i:(?:{_SPELLED})(?:\s(?:{_SPELLED}))*)(?:\srưỡi)?\s(?P<wordunit>{_SPELLED_UNITS})(?!\w))
    """,
    re.VERBOSE,
)
_AMOUNT = re.compile(r"([\d.,]+)\s?(nghìn|ngàn|triệu|tỷ|tỉ|tr|k)?")
_HALF = re.compile(r"(?<![\w/])1/2(?=\s(?:ngày|giờ|tháng|năm)(?!\w))")
_YEAR = re.compile(r"(?:19|20)\d\d")
# "từ 14 đến dưới 16 tuổi", "3 – 5 ngày", "8 đến 10 triệu đồng": the first number is of the second one's unit.
_RANGE = re.compile(r"\s?(?:[-–]|đến|tới|hoặc|và)\s?(?:dưới\s|hết\s|đủ\s)?")


def atoms(text: str) -> tuple[Atom, ...]:
    """Return the atoms of `text` in order. "hai ngày" → NUMBER 2 ngày; "30 nghìn đồng" → MONEY 30000."""
    return _read_all(text)[0]


def _read_all(text: str) -> tuple[tuple[Atom, ...], tuple[tuple[Atom, Atom], ...]]:
    """Return all atoms, and those that are the ends of a range ("3 đến 5 ngày")."""
    text = _HALF.sub("0,5", clean(text))
    matches = [match for match in _PATTERN.finditer(text) if _read(match)]
    found = [_atom(match) for match in matches]
    ranges = []
    for n in range(len(found) - 2, -1, -1):
        if _RANGE.fullmatch(text, matches[n].end(), matches[n + 1].start()):
            found[n] = _with_unit_of(found[n], found[n + 1], matches[n + 1].group())
            ranges.append((found[n], found[n + 1]))
    return tuple(found), tuple(ranges)


def _with_unit_of(atom: Atom, other: Atom, said: str) -> Atom:
    """Give a bare number the unit of the next one: "8 đến 10 triệu đồng" → MONEY 8000000."""
    if atom.kind is not AtomKind.NUMBER or atom.unit:
        return atom
    if other.kind is AtomKind.MONEY:
        scale = _SCALES[match[2] or ""] if (match := _AMOUNT.match(said)) else 1
        return Atom(AtomKind.MONEY, str(round(float(atom.value) * scale)), "đồng", atom.text)
    if other.kind is AtomKind.PERCENT:
        return Atom(AtomKind.PERCENT, atom.value, "%", atom.text)
    return Atom(atom.kind, atom.value, other.unit, atom.text) if other.kind is AtomKind.NUMBER else atom


def _read(match: re.Match[str]) -> bool:
    """Tell whether a match is a fact: "một ngày" is mostly "a day", "mươi ngày" no number."""
    if not match.group("words"):
        return True
    spelled = _number_words(match)
    counted = match.group("wordunit") != "đồng" or any(_PLACES.get(word, 0) >= 10**3 for word in spelled)
    return counted and spelled != ["một"] and _spelled(spelled) is not None


def _number_words(match: re.Match[str]) -> list[str]:
    """Return the words of a spelled number without its unit."""
    return match.group("words").lower().split()[: -len(match.group("wordunit").split())]


def _spelled(words: list[str]) -> float | None:
    """Return the value of spelled digits ("hai mươi lăm" → 25, "một triệu rưỡi" → 1500000), None for what is no number."""
    total = part = 0.0
    last, place = "", 1
    for word in words:
        if word == "mười":
            part, place = part + 10, 1
        elif word == "rưỡi" and place > 1:
            total += place / 2
        elif word in _DIGIT_WORDS:
            if last in _DIGIT_WORDS:
                return None
            part += _DIGIT_WORDS[word]
        elif word in ("mươi", "trăm"):
            if last not in _DIGIT_WORDS:
                return None
            digit = part % 10
            part += digit * (_PLACES[word] - 1)
        elif word in _PLACES:
            if not last:
                return None
            place = _PLACES[word]
            total, part = total + part * place, 0.0
        last = word
    return total + part


def _atom(match: re.Match[str]) -> Atom:
    kind, found = str(match.lastgroup), match.group()
    if kind in {"unit", "wordunit", "prefix"}:
        kind = next(name for name in ("number", "words", "prefixed") if match.group(name))
    if kind == "email":
        return Atom(AtomKind.EMAIL, found.rstrip(".").lower(), "", found)
    if kind == "url":
        return Atom(AtomKind.URL, _url(found), "", found)
    if kind == "document" and (date := _month_year(found)):
        return Atom(AtomKind.DATE, date, "", found)
    if kind == "document":
        return Atom(AtomKind.DOCUMENT, found.lstrip("0").upper(), "", found)
    if kind == "date":
        return Atom(AtomKind.DATE, _date(found), "", found)
    if kind == "money":
        return Atom(AtomKind.MONEY, _money(found), "đồng", found)
    if kind == "percent":
        return Atom(AtomKind.PERCENT, _decimal(found.rstrip("% ")), "%", found)
    if kind == "form":
        return Atom(AtomKind.FORM, found.upper().replace("-", ""), "", found)
    if kind == "prefixed":
        prefix = _PREFIXES[match.group("prefix").lower()]
        return Atom(AtomKind.NUMBER, found.split()[-1].lstrip("0") or "0", prefix, found)
    if kind == "words":
        unit = match.group("wordunit")
        value = f"{_spelled(_number_words(match)):.15g}"
        return Atom(AtomKind.MONEY if unit == "đồng" else AtomKind.NUMBER, value, unit, found)
    unit = match.group("unit") or ""
    digits = found.removesuffix(unit).strip()
    if unit == "số":
        unit = "" if _YEAR.fullmatch(digits) else "chữ số"
    return Atom(AtomKind.NUMBER, _number(digits), unit, found)


def _url(found: str) -> str:
    bare = re.sub(r"^(https?://)?(www\.)?", "", found.rstrip(".,;:!?")).rstrip("/")
    host, slash, path = bare.partition("/")
    return host.lower() + slash + path


def _month_year(found: str) -> str:
    """Read "7/2026" as a month; "118/2025" and anything with letters stays a document number."""
    month, _, year = found.partition("/")
    return f"{year}-{int(month):02}" if year.isdigit() and 1 <= int(month) <= 12 else ""


def _date(found: str) -> str:
    """Return an ISO date, as much of it as was said: 2026-07-01, 2026-07 or --07-01."""
    parts = re.findall(r"\d+", found)
    if len(parts[0]) == 4:
        return f"{parts[0]}-{int(parts[1]):02}-{int(parts[2]):02}"
    if len(parts) == 3:
        return f"{parts[2]}-{int(parts[1]):02}-{int(parts[0]):02}"
    if found.lower().startswith("tháng"):
        return f"{parts[1]}-{int(parts[0]):02}"
    return f"--{int(parts[1]):02}-{int(parts[0]):02}"


def _decimal(digits: str) -> str:
    """Vietnamese numerals: "15.000" is fifteen thousand, "1,5" is one and a half; marks that fit neither are dropped."""
    digits = digits.strip(".,")
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits) or len(re.findall(r"[.,]", digits)) > 1:
        digits = re.sub(r"[.,]", "", digits)
    return f"{float(digits.replace(',', '.')):.15g}"


def _money(found: str) -> str:
    digits, scale = _AMOUNT.match(found).groups()  # type: ignore[union-attr]
    return str(round(float(_decimal(digits)) * _SCALES[scale or ""]))


def _number(digits: str) -> str:
    """Canonical digits: phones keep their zeros ("0692 196 666"), counts lose them ("03" → "3")."""
    joined = re.sub(r"\s", "", digits)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", joined) or re.fullmatch(r"\d+,\d+", joined):
        return f"{float(_decimal(joined)):.10g}"
    joined = re.sub(r"[.,]", "", joined)
    return joined if len(joined) > 6 else joined.lstrip("0") or "0"


def contains(evidence: Iterable[Atom], claim: Atom) -> bool:
    """Tell whether some atom of `evidence` states `claim`; a coarser date or a bare number may match."""
    return any(_states(atom, claim) for atom in evidence)


def _states(evidence: Atom, claim: Atom) -> bool:
    if claim.kind is AtomKind.NUMBER and evidence.kind is AtomKind.DATE:
        return claim.unit in {"", "năm"} and evidence.value.startswith(f"{claim.value}-") and len(claim.value) == 4
    if claim.kind is AtomKind.DOCUMENT and evidence.kind is AtomKind.DOCUMENT:
        return evidence.value == claim.value or evidence.value.startswith(claim.value + "/")
    if claim.kind is AtomKind.NUMBER and evidence.kind is AtomKind.DOCUMENT:
        return len(claim.value) == 4 and f"/{claim.value}" in evidence.value
    if claim.kind is AtomKind.NUMBER and not claim.unit and evidence.kind is AtomKind.MONEY:
        return evidence.value == claim.value
    if evidence.kind is not claim.kind:
        return False
    if claim.kind is AtomKind.DATE:
        return evidence.value.startswith(claim.value) or (
            claim.value[0] == "-" and evidence.value.endswith(claim.value[1:])
        )
    if claim.kind is AtomKind.NUMBER:
        return evidence.value == claim.value and claim.unit in {"", evidence.unit}
    return evidence.value == claim.value


def missing(claim: str, evidence: Iterable[str]) -> tuple[Atom, ...]:
    """Return the atoms of `claim` that no text of `evidence` states, and the first ones of ranges that have another end there
    or none; empty means the claim is locked.
    """
    texts = [clean(text).lower() for text in evidence]
    read = [_read_all(text) for text in evidence]
    known = [atom for atoms_, _ in read for atom in atoms_]
    spans = {(low.value, high.value) for _, ranges in read for low, high in ranges}
    found, ranges = _read_all(claim)
    lost = (a for a in found if not contains(known, a) and not any(_spells(text, a) for text in texts))
    other = (a for a, b in ranges if a.value == b.value or _is_other(a.value, b.value, spans))
    return tuple(dict.fromkeys((*lost, *other)))


def _is_other(low: str, high: str, spans: set[tuple[str, str]]) -> bool:
    """Tell whether a range is none of the known ones though both its ends are ends of some."""
    return (low, high) not in spans and low in {a for a, _ in spans} and high in {b for _, b in spans}


def _spells(text: str, atom: Atom) -> bool:
    """Tell whether cleaned `text` has a small number in words that `atoms` does not read: "ba việc" for "3"."""
    words = _NAMES.get(atom.value, ()) if atom.kind is AtomKind.NUMBER else ()
    return any(re.search(rf"(?<!\w){word}(?!\w) ?{atom.unit}(?!\w)", text) for word in words)
