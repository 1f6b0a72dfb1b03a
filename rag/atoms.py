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
    "thẻ|phiếu|bản|ảnh|trang|điểm|km|m2|cm|mm|kg|MB|GB|chiều|nhóm|cấp|mức|thủ tục|dịch vụ|xã|tỉnh"
).replace(" ", r"\s")
_WORD_NUMBERS = {
    "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10,
}  # fmt: skip
_SCALES = {"": 1, "nghìn": 10**3, "ngàn": 10**3, "k": 10**3, "triệu": 10**6, "tr": 10**6, "tỷ": 10**9, "tỉ": 10**9}

_PATTERN = re.compile(
    rf"""
    (?P<url>https?://[^\s<>"'“”()\]]+|\b(?:[a-z0-9-]+\.)+(?:gov\.vn|com\.vn|edu\.vn|org\.vn|vn|com|org|net|info|gle)\b(?:/[^\s<>"'“”()\]]*)?)
  | (?P<document>\b\d{{1,5}}/(?:\d{{4}}/)?(?:[A-ZĐ]+\d*)(?:-[A-ZĐ]+\d*)+\b|\b\d{{1,5}}/\d{{4}}/QH\d+\b|\b\d{{1,4}}/(?:19|20)\d{{2}}(?:/[A-ZĐ]+\d*)?\b(?!/))
  | (?P<date>\b\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}\b|\b\d{{4}}-\d{{2}}-\d{{2}}\b
      |\bngày\s\d{{1,2}}\stháng\s\d{{1,2}}(?:\snăm\s\d{{4}})?|\btháng\s\d{{1,2}}[/-]\d{{4}}|\btháng\s\d{{1,2}}\snăm\s\d{{4}}
      |\bngày\s\d{{1,2}}/\d{{1,2}}\b(?!/))
  | (?P<money>\b\d[\d.,]*\s?(?:(?:nghìn|ngàn|triệu|tỷ|tỉ|k|tr)\s?)?(?:đồng|VNĐ|VND|đ)(?!\w)|\b\d[\d.,]*\s?(?:nghìn|ngàn|triệu|tỷ|tỉ)(?!\w))
  | (?P<percent>\b\d[\d.,]*\s?%)
  | (?P<form>\b[A-ZĐ]{{1,4}}\d{{1,3}}[a-z]?\b|\b[A-ZĐ]{{2,4}}-\d{{2}}\b)
  | (?P<number>(?<![\w.])(?:(?:\+84|0)(?:[\s.]?\d){{8,10}}(?!\d)|1[89]00(?:[\s.]?\d){{4,6}}(?!\d)|\d+(?:[.,]\d+)*)(?:\s(?P<unit>{_UNITS})(?!\w))?)
  | (?P<words>\b(?:hai|ba|bốn|năm|sáu|bảy|tám|chín|mười)\s(?P<wordunit>ngày\slàm\sviệc|ngày|tháng|giờ|phút|tuần|tuổi)(?!\w))
    """,
    re.VERBOSE,
)


def atoms(text: str) -> tuple[Atom, ...]:
    """Return the atoms of `text` in order. "hai ngày" → NUMBER 2 ngày; "30 nghìn đồng" → MONEY 30000."""
    return tuple(_atom(match) for match in _PATTERN.finditer(clean(text)))


def _atom(match: re.Match[str]) -> Atom:
    kind, found = str(match.lastgroup), match.group()
    if kind in {"unit", "wordunit"}:
        kind = "number" if match.group("number") else "words"
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
    if kind == "words":
        return Atom(AtomKind.NUMBER, str(_WORD_NUMBERS[found.split()[0]]), match.group("wordunit"), found)
    unit = match.group("unit") or ""
    digits = found.removesuffix(unit).strip()
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
    if found.startswith("tháng"):
        return f"{parts[1]}-{int(parts[0]):02}"
    return f"--{int(parts[1]):02}-{int(parts[0]):02}"


def _decimal(digits: str) -> str:
    """Vietnamese numerals: "15.000" is fifteen thousand, "1,5" is one and a half; marks that fit neither are dropped."""
    digits = digits.strip(".,")
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits) or len(re.findall(r"[.,]", digits)) > 1:
        digits = re.sub(r"[.,]", "", digits)
    return f"{float(digits.replace(',', '.')):.15g}"


def _money(found: str) -> str:
    digits, scale = re.match(r"([\d.,]+)\s?(nghìn|ngàn|triệu|tỷ|tỉ|tr|k)?", found).groups()  # type: ignore[union-attr]
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
    if evidence.kind is not claim.kind:
        return False
    if claim.kind is AtomKind.DATE:
        return evidence.value.startswith(claim.value) or (
            claim.value[0] == "-" and evidence.value.endswith(claim.value[1:])
        )
    if claim.kind is AtomKind.NUMBER:
        return evidence.value == claim.value and (not claim.unit or not evidence.unit or evidence.unit == claim.unit)
    return evidence.value == claim.value


def missing(claim: str, evidence: Iterable[str]) -> tuple[Atom, ...]:
    """Return the atoms of `claim` that no text of `evidence` states; empty means the claim is locked."""
    known = [atom for text in evidence for atom in atoms(text)]
    return tuple(atom for atom in atoms(claim) if not contains(known, atom))
