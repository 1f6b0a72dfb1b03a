"""What a line of a Vietnamese official document begins: an article, a clause, a step, a form. Nothing here does I/O.

Only the line itself is looked at: whether "2. …" is the clause after clause 1 or a year in a sentence that ran over is for
`rag.documents.structure` to say. Lines are cleaned (`rag.text.clean`). Every quantifier is bounded: a crafted line costs no
more than its length.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from rag.documents.units import UnitKind
from rag.text import fold

# Points of Vietnamese law are counted with these letters; f, j, w and z are none.
LETTERS = "abcdđeghiklmnopqrstuvxy"
_ROMAN = r"[IVXLC]{1,8}(?![A-Za-zÀ-ỹĐđ])"
_ORDINALS = {
    "nhất": 1,
    "hai": 2,
    "ba": 3,
    "bốn": 4,
    "tư": 4,
    "năm": 5,
    "sáu": 6,
    "bảy": 7,
    "tám": 8,
    "chín": 9,
    "mười": 10,
}
_TOP = re.compile(
    r"(?P<word>phần|chương|tiểu mục|mục)\s(?P<number>(?:thứ\s(?:" + "|".join(_ORDINALS) + r"))"
    rf"|(?-i:{_ROMAN})|\d{{1,3}}|[A-ZĐ](?!\w))(?P<letter>[a-zđ]?)\s?(?P<end>[.:–-]?)\s?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ARTICLE = re.compile(
    r"(?:Điều|ĐIỀU|(?P<misread>Đi[ềểêế][un]))\s?(?P<number>\d{1,4})(?P<letter>(?:[a-zđ]{1,2}\d?)?)(?!\w)\s?(?P<end>[.:–-]?)\s?(?P<rest>.*)",
    re.DOTALL,
)
_NUMBERED = re.compile(
    r"(?P<number>\d{1,3})(?P<letter>(?:[a-zđ]{1,2}\d?)?)\s?(?P<end>[.)/])(?:\s|$|(?=[^\W\d]|[“(]))(?P<rest>.*)",
    re.DOTALL,
)
_DECIMAL = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,2}){1,3})\.?\s(?P<rest>.*)", re.DOTALL)
_LETTERED = re.compile(
    rf"(?P<number>[{LETTERS}])(?P<letter>\d{{0,2}})\s?(?P<end>[.)])(?:\s|$|(?=[^\W\d]|[“(]))(?P<rest>.*)", re.DOTALL
)
_ROMANS = re.compile(rf"(?P<number>{_ROMAN})\s?(?P<end>[.)/–-])\s(?P<rest>.*)", re.DOTALL)
_CAPITAL = re.compile(r"(?P<number>[A-HĐ])\s?(?P<end>[.)/])\s(?P<rest>.*)", re.DOTALL)
_STEP = re.compile(r"(?:[-+*•–]\s?)?(?:Bước|BƯỚC)\s?(?P<number>\d{1,2})\s?(?P<end>[:.–-]|$)\s?(?P<rest>.*)", re.DOTALL)
_FORM = re.compile(
    r"(?:(?P<annex>PHỤ LỤC|Phụ lục)(?:\s(?:SỐ|số)?\s?(?P<which>[IVXLC]{1,8}|\d{1,3}|[A-ZĐ])(?:[.-]\d{1,2})?(?![\w/]))?"
    r"|(?:MẪU|Mẫu|BIỂU MẪU|Biểu mẫu)\s(?:SỐ|số)?:?\s?(?P<form>[A-ZĐ]{0,6}\d{1,3}[a-zđ]?(?:[./-][A-ZĐ\d][\w.-]{0,15}){0,3}))"
    r"(?!\w)\s?(?P<end>[.:–-]?)\s?(?P<rest>.*)",
    re.DOTALL,
)
_THOUSANDS = re.compile(r"\d{3}(?!\w)")  # "1. 000 đồng"
_BULLET = re.compile(r"[-–+*•▪●○]\s?(?=\S)")
_CONTENTS = re.compile(r"(?:\.{4,}|…{2,})\s?\d{1,4}$")
_ISSUED_WITH = re.compile(r"\(?(?:được )?(?:kèm theo|ban hành)", re.IGNORECASE)
# After a number without a full stop: a reference ("Mục 1 Chương XI của Bộ luật", "Điều 5 Luật Căn cước"), no title.
_REFERS = re.compile(
    r"(?:Chương|Mục|Phần|Điều|Khoản|Luật|Bộ luật|Nghị định|Thông tư|Quyết định|Nghị quyết|Pháp lệnh|Hiến pháp|Quy chế|Phụ lục)(?!\w)"
)
# The headings of the descriptions of procedures, folded; what may follow them is in `_LABEL`.
_LABELS = (
    "trinh tu thuc hien|trinh tu, cach thuc thuc hien|cach thuc thuc hien|cach thuc nop|thanh phan,? so luong ho so|thanh phan ho so|"
    "so luong ho so|thoi han giai quyet|thoi gian giai quyet|doi tuong thuc hien|co quan (?:truc tiep )?(?:thuc hien|giai quyet)|"
    "co quan co tham quyen|co quan duoc uy quyen|co quan phoi hop|noi thuc hien|noi tiep nhan|dia chi tiep nhan|"
    "ket qua(?: (?:cua viec )?(?:thuc hien|giai quyet))?|phi, le phi|le phi, phi|le phi|phi|muc phi|"
    "(?:ten )?mau don(?:, (?:mau )?to khai)?|mau to khai|"
    "(?:yeu cau|dieu kien)(?:(?:,| va| hoac) (?:yeu cau|dieu kien))?(?: (?:de )?thuc hien)?|(?:can cu|co so) phap ly|"
    "ma thu tuc|ten thu tuc|linh vuc|cap thuc hien|loai thu tuc|tu khoa|mo ta|so quyet dinh|luu y|giay to can (?:co|chuan bi)"
)
_LABEL = re.compile(
    rf"(?:[-+*•–] ?)?(?P<label>(?:{_LABELS})(?: (?:cua )?(?:viec )?(?:thuc hien )?(?:thu tuc hanh chinh|thu tuc|tthc|ho so))?"
    r"(?: ?\((?:neu co|bo)\))?) ?(?P<end>:|\.?$)"
)


class Style(StrEnum):
    """How a line is numbered; lines of one style below one unit are one list."""

    WORD = "word"  # Chương II
    DOT = "1."
    BRACKET = "1)"
    DECIMAL = "1.1"
    LETTER = "a)"
    LETTER_DOT = "a."
    ROMAN = "I."
    CAPITAL = "A."
    NONE = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a line begins. `number` is as printed, `value` its place in a list, `rest` the line without it.

    `sure` says that the line cannot be a sentence's: its number is followed by a full stop, or by nothing.
    """

    kind: UnitKind
    style: Style
    number: str
    value: tuple[int, ...]
    rest: str
    sure: bool = True

    @property
    def first(self) -> bool:
        """Whether a list begins with it."""
        return (
            self.value[:1] == (1,) and not any(self.value[1:2])
            if self.style is not Style.DECIMAL
            else self.value[-1] == 1
        )

    def follows(self, value: tuple[int, ...]) -> bool:
        """Tell whether it is the next after `value`: 5 or 4a after 4, 4b after 4a, 5 after 4b, đ after d."""
        if self.style is Style.DECIMAL:
            return self.value[:-1] == value[:-1] and self.value[-1] == value[-1] + 1
        (number, letter), (before, letter_before) = self.value, value
        return (number == before + 1 and letter <= 1) or (number == before and letter == letter_before + 1)


def mark_of(line: str) -> Mark | None:
    """Return what a line begins, None for a line that only goes on. "Điều 5a. Thẻ" → article 5a, "Thẻ"."""
    if _CONTENTS.search(line[-200:]):
        return None
    for read in _READERS:
        if mark := read(line):
            return mark
    return None


def label_of(line: str) -> tuple[str, str] | None:
    """Return the heading of a procedure's description with what follows it: "Lệ phí: 50.000 đồng" → ("Lệ phí", "50.000 đồng")."""
    folded = fold(line[:120])  # folding keeps the length of composed text
    match = _LABEL.match(folded)
    if not match or (match["end"] != ":" and match.end() < len(line)):
        return None
    return line[match.start("label") : match.end("label")].strip(), line[match.end() :].strip()


def is_bullet(line: str) -> bool:
    """Tell whether a line is an item of a list without numbers."""
    return bool(_BULLET.match(line))


def in_capitals(line: str) -> bool:
    """Tell whether a line is written in capitals, as titles are."""
    letters = [c for c in line[:300] if c.isalpha()]
    return len(letters) > 2 and sum(c.isupper() for c in letters) >= 0.9 * len(letters)


def _top(line: str) -> Mark | None:
    match = _TOP.match(line)
    if not match or not match["word"][0].isupper():
        return None
    kind = {"phần": UnitKind.PART, "chương": UnitKind.CHAPTER, "mục": UnitKind.SECTION}.get(
        match["word"].lower(), UnitKind.SUBSECTION
    )
    rest = match["rest"].strip()
    if rest and not _titles(rest, bool(match["end"])):
        return None
    return Mark(kind, Style.WORD, match["number"] + match["letter"], _value(match["number"], match["letter"]), rest)


def _titles(rest: str, stopped: bool) -> bool:
    """Tell whether what follows "Chương II" is its title, and no sentence about that chapter."""
    if in_capitals(rest):
        return True
    return rest[0].isupper() and len(rest) < 300 and (stopped or (rest[-1] not in ".;,:" and not _REFERS.match(rest)))


def _article(line: str) -> Mark | None:
    match = _ARTICLE.match(line)
    if not match:
        return None
    rest = match["rest"].strip()
    sure = bool(match["end"]) or not rest
    if not sure and (match["misread"] or not rest[0].isupper() or _REFERS.match(rest) or rest[-1] in ".;,:"):
        return None
    number = match["number"].lstrip("0") or "0"
    return Mark(UnitKind.ARTICLE, Style.WORD, number + match["letter"], _value(number, match["letter"]), rest, sure)


def _form(line: str) -> Mark | None:
    match = _FORM.match(line)
    if not match:
        return None
    rest = match["rest"].strip()
    number = match["which"] or "" if match["annex"] else match["form"]
    if rest and not (
        rest[0] == "(" or in_capitals(rest) or (_ISSUED_WITH.match(rest) and rest[-1] != ".") or _titles(rest, False)
    ):
        return None
    name = (
        f"Phụ lục {number}".strip()
        if match["annex"]
        else f"Mẫu {number}"
        if number[0].isalpha()
        else f"Mẫu số {number}"
    )
    return Mark(UnitKind.FORM, Style.WORD, name, (), rest, bool(match["annex"]))


def _step(line: str) -> Mark | None:
    match = _STEP.match(line)
    return match and Mark(
        UnitKind.STEP, Style.WORD, str(int(match["number"])), (int(match["number"]), 0), match["rest"].strip()
    )


def _decimal(line: str) -> Mark | None:
    match = _DECIMAL.match(line)
    if not match or not (match["rest"][:1].isupper() or match["rest"][:1] in '“"('):
        return None
    return Mark(
        UnitKind.POINT,
        Style.DECIMAL,
        match["number"],
        tuple(map(int, match["number"].split("."))),
        match["rest"].strip(),
    )


def _numbered(line: str) -> Mark | None:
    match = _NUMBERED.match(line)
    if not match or _THOUSANDS.match(match["rest"]):
        return None
    style = Style.BRACKET if match["end"] == ")" else Style.DOT
    number = match["number"].lstrip("0") or "0"
    return Mark(
        UnitKind.CLAUSE, style, number + match["letter"], _value(number, match["letter"]), match["rest"].strip()
    )


def _lettered(line: str) -> Mark | None:
    match = _LETTERED.match(line)
    if not match:
        return None
    style = Style.LETTER if match["end"] == ")" else Style.LETTER_DOT
    value = (LETTERS.index(match["number"]) + 1, int(match["letter"] or 0))
    return Mark(UnitKind.POINT, style, match["number"] + match["letter"], value, match["rest"].strip())


def _roman(line: str) -> Mark | None:
    match = _ROMANS.match(line)
    return match and Mark(
        UnitKind.SECTION, Style.ROMAN, match["number"], _value(match["number"], ""), match["rest"].strip()
    )


def _capital(line: str) -> Mark | None:
    match = _CAPITAL.match(line)
    if not match or not in_capitals(match["rest"]):
        return None
    return Mark(UnitKind.PART, Style.CAPITAL, match["number"], (ord(match["number"]) - 64, 0), match["rest"].strip())


_READERS = (_form, _article, _top, _step, _decimal, _numbered, _lettered, _roman, _capital)


def _value(number: str, letter: str) -> tuple[int, int]:
    """Return the place of a number in its list: "5", "a" → (5, 1); "II" → (2, 0); "thứ ba" → (3, 0)."""
    after = LETTERS.index(letter[0]) + 1 if letter and letter[0] in LETTERS else 0
    if number.isdigit():
        return int(number), after
    words = number.lower().split()
    if words[0] == "thứ":
        return _ORDINALS[words[1]], after
    if re.fullmatch(_ROMAN, number):
        values = ["IVXLC".index(c) for c in number]
        worth = [(1, 5, 10, 50, 100)[v] for v in values]
        return sum(-w if w < after_w else w for w, after_w in zip(worth, [*worth[1:], 0], strict=True)), after
    return ord(number[0]) - 64, after
