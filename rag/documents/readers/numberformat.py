"""Numbers and dates of a spreadsheet as Excel shows them in Vietnam: 50000 as "#,##0" is "50.000". Nothing here does I/O.

Of number formats what official tables use: grouping, decimals, leading zeros, percent, words around; not fractions and exponents,
which are shown like a number without a format. Dates are dd/mm/yyyy with those parts that the format has.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_SECTIONS = re.compile(r'((?:"[^"]*"|\\.|\[[^\]]*\]|[^;"\\\[])*)(?:;|$)')
_TOKENS = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<sign>[^\]-]*)[^\]]*\]|\[[^\]]*\]|(?P<digits>[0#?][0#?.,]*)|(?P<other>.)'
)
_DATE_WORDS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_MOST_DIGITS = 11  # Excel shows no more without a format
Value = str | int | float | bool | date | datetime | time | timedelta | None


def shown(value: Value, format: str) -> str:
    """Return a cell's value as it is shown, "" where its format hides it.

    >>> shown(0.25, "0.0%"), shown(50000, '#,##0 "đồng"')
    ('25,0%', '50.000 đồng')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, format)
    if isinstance(value, date | time):
        return _date(value, format)
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds()) // 60
        return f"{minutes // 60}:{minutes % 60:02}"
    return _worded(value, format)


def _worded(text: str, format: str) -> str:
    """Return text through the fourth section, which is for text: one that is empty hides it."""
    sections = _sections(format)
    if len(sections) < 4 or "@" in sections[3]:
        return text
    return "".join(text if token.group() == "@" else _literal(token) for token in _TOKENS.finditer(sections[3]))


@lru_cache(maxsize=1024)
def _sections(format: str) -> tuple[str, ...]:
    found = _SECTIONS.findall(format)
    return tuple(found[:-1] if len(found) > 1 and not format.endswith(";") else found)


def _number(value: float, format: str) -> str:
    sections = _sections(format)
    section, sign = sections[0], "-" if value < 0 else ""
    if value < 0 and len(sections) > 1:
        section, sign = sections[1], ""
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    if section.strip().lower() in ("general", "@"):
        return _plain(value)
    tokens = list(_TOKENS.finditer(section))
    places = [token.group("digits") for token in tokens if token.group("digits")]
    others = "".join(token.group("other") or "" for token in tokens)
    if len(places) > 1 or "/" in others or "E" in others.upper():
        return _plain(value)
    amount = abs(Decimal(repr(value))) * 100 ** others.count("%")
    written = "".join(
        _digits(amount, token.group("digits")) if token.group("digits") else _literal(token) for token in tokens
    )
    return sign + written.strip()


def _literal(token: re.Match[str]) -> str:
    return next((token.group(name) for name in ("quoted", "escaped", "sign", "other") if token.group(name)), "")


def _digits(amount: Decimal, places: str) -> str:
    scaled = places.rstrip(",")
    amount /= 1000 ** (len(places) - len(scaled))
    whole, _, parts = scaled.partition(".")
    rounded = amount.quantize(Decimal(1).scaleb(-len(parts)), ROUND_HALF_UP)
    before, _, after = f"{rounded:f}".partition(".")
    least = parts.rstrip("#?")
    while len(after) > len(least) and after.endswith("0"):
        after = after[:-1]
    zeros = whole.count("0")
    before = before.lstrip("0").rjust(zeros, "0")
    if "," in whole:
        before = f"{int(before or 0):,}".replace(",", ".") if before else ""
    return f"{before},{after}" if after else before


def _plain(value: float) -> str:
    if isinstance(value, int) or value.is_integer():
        return str(int(value)) if abs(value) < 10**_MOST_DIGITS or isinstance(value, int) else f"{value:.0f}"
    return f"{value:.{_MOST_DIGITS - 1}g}".replace(".", ",")


def _date(value: date | time, format: str) -> str:
    letters = _DATE_WORDS.sub("", format).lower()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    has_time = isinstance(value, datetime) and "h" in letters
    year = f"{value.year:04}"
    if "d" not in letters and "y" in letters:
        day = f"{value:%m}/{year}" if "m" in letters.split("h")[0] else year
    else:
        day = f"{value:%d/%m}" if "d" in letters and "y" not in letters else f"{value:%d/%m}/{year}"
    return f"{day} {value:%H:%M}" if has_time else day
