"""How Vietnamese law names itself: numbers of documents, dates, and units of them ("điểm a khoản 2 Điều 5"). No I/O.

Everything takes cleaned text (`rag.text.clean`). A number is read as printed, with the spaces that recognition puts in it;
what a document is called without its number ("Bộ luật Dân sự") is not read.
"""

import re
from collections.abc import Sequence
from datetime import date

_SIGN = r"[A-ZĐƯ]{1,12}[a-z]{0,2}\d{0,2}"
# "58/2026/NĐ-CP", "58 /2026/ NĐ - CP", "26/2023/QH15", "1234/BCA-C06", "10/2015/TTLT-BCA-BTP"; never a date.
NUMBER = rf"\d{{1,5}}[a-z]? ?/ ?(?:\d{{4}} ?/ ?)?{_SIGN}(?: ?[-–] ?{_SIGN}){{0,4}}(?![\w/])"
_NUMBER = re.compile(rf"(?<![\w/.]){NUMBER}")
# The year may be missing or mistyped: "ngày 01 tháng 01 ngày 2012" stands in a law.
DATE = r"ngày (?:\d{1,2} tháng \d{1,2} (?:năm|ngày) \d{4}|\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?\d{4})|(?<!\d)\d{1,2}/\d{1,2}/\d{4}"
_DATE = re.compile(DATE, re.IGNORECASE)

# A list as long as one line may name; a longer one is read in parts.
_POINTS = r"(?:[a-zđ]\d{0,2}|\d{1,2}(?:\.\d{1,2}){1,3})(?![\w)])"
_NUMBERS = r"\d{1,4}[a-zđ]{0,2}\d?(?![\w/]|[.,]\d)"
_JOIN = r"(?:, ?(?:và )?| và | hoặc | đến )"
# "vào sau khoản 8 Điều 5" says where a new unit goes, and of what; it names none.
_NAMED = re.compile(
    r"(?<!\w)(?:(?P<after>sau|trước|tiếp theo) (?=điểm|khoản|điều)(?:điểm \w{1,3} )?(?:khoản (?P<clause>\d{1,3}\w{0,2}) ?)?"
    r"(?:của )?(?:điều (?P<article>\d{1,4}[a-zđ]{0,2}))?"
    rf"|(?P<word>điểm|khoản|điều) (?P<list>(?:{_POINTS}|{_NUMBERS})(?:{_JOIN}(?:{_POINTS}|{_NUMBERS})){{0,40}}))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"][^“”\"]{0,2000}[”\"]")
_PREFIXES = ("Điều", "khoản", "điểm")
_FURTHER = re.compile(r"(?:[,;]|\s|và|hoặc|của|các|tại|một|số|sửa đổi|bổ sung|bãi bỏ){0,20}")

Place = tuple[str, str, str]  # article, clause, point; "" where not said


def numbers_in(text: str) -> list[str]:
    """Return the document numbers in `text` as they are officially written: "58 /2026/ NĐ - CP" → "58/2026/NĐ-CP"."""
    return [tidy_number(match.group()) for match in _NUMBER.finditer(text)]


def tidy_number(number: str) -> str:
    """Take the spaces out of a number and write its hyphens alike."""
    return re.sub(r"\s", "", number).replace("–", "-")


def dates_in(text: str) -> list[date]:
    """Return the dates in `text` that the calendar has, in order."""
    return [day for match in _DATE.finditer(text) if (day := _day(match.group()))]


def _day(found: str) -> date | None:
    day, month, year = map(int, re.findall(r"\d+", found))
    try:
        return date(year, month, day)
    except ValueError:
        return None


def without_quotes(text: str) -> str:
    """Return `text` without what stands in quotation marks in it."""
    return _QUOTED.sub("“”", text)


def places_in(text: str, within: Place = ("", "", "")) -> list[Place]:
    """Return the units that `text` names, in order; what it leaves out is taken from `within`.

    "điểm a, b khoản 2 và khoản 3 Điều 5" → ("5", "2", "a"), ("5", "2", "b"), ("5", "3", ""). Where a new one goes
    ("vào sau khoản 8") and what stands in quotation marks is not named.
    """
    text = without_quotes(text)
    found: list[Place] = []
    waiting: list[Place] = []  # whose article is not yet said
    points: list[str] = []  # whose clause is not yet said
    end = 0
    for match in _NAMED.finditer(text):
        if match["after"]:
            found += _settled(waiting, points, (match["article"] or within[0], match["clause"] or within[1], ""))
            waiting, points = [], []
            continue
        if not _FURTHER.fullmatch(text, end, match.start()):
            found += _settled(waiting, points, within)
            waiting, points = [], []
        end, values = match.end(), re.split(_JOIN, match["list"])
        if match["word"].lower() == "điểm":
            points += values
        elif match["word"].lower() == "khoản":
            waiting += [("", values[0], point) for point in points] or [("", values[0], "")]
            waiting += [("", value, "") for value in values[1:]]
            points = []
        else:
            waiting += [("", "", point) for point in points]
            found += [(values[0], clause, point) for _, clause, point in waiting] or [(values[0], "", "")]
            found += [(value, "", "") for value in values[1:]]
            waiting, points = [], []
    return list(dict.fromkeys(found + _settled(waiting, points, within)))


def _settled(waiting: Sequence[Place], points: Sequence[str], within: Place) -> list[Place]:
    article, clause, _ = within
    return [(article, c, p) for _, c, p in waiting] + [(article, clause, point) for point in points]


def written(place: Place) -> str:
    """Return a place as a path that people read: ("5", "2", "") → "Điều 5, khoản 2"."""
    return ", ".join(f"{word} {value}" for word, value in zip(_PREFIXES, place, strict=True) if value)
