"""Rows of a table as sentences that can be cited: each cell with its header. Nothing here does I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text import clean, fold

_COUNTED = re.compile(r"(?:so )?(?:thu tu|stt|tt|so tt|no\.?)")
_NUMBER = re.compile(r"(?:\d{1,4}(?:\.\d{1,3}){0,3}|[IVXLC]{1,6}|[A-HĐ]|[a-zđ])(?=[.)]?$)")
# Of a table whose reader did not tell its header: the words that stand in first rows of tables of fees, papers and steps.
_HEADERS = re.compile(
    r"(?:so )?(?:thu tu|stt|tt)|noi dung.{0,40}|muc thu.{0,40}|muc phi.{0,20}|(?:ten |loai )?(?:giay to|phi|le phi).{0,30}|don vi(?: tinh)?|"
    r"so luong|ghi chu|hinh thuc.{0,20}|thoi (?:han|gian).{0,20}|mo ta|ten .{1,40}"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its own number (or its place among those of its group), its words, and the rows that head it, topmost first."""

    number: str
    text: str
    within: tuple[str, ...] = ()  # the numbers of the group rows above it


def rows_of(rows: Sequence[Sequence[str]], header: int) -> list[Row]:
    """Return the rows below the header; "Nội dung: Cấp đổi thẻ căn cước; Mức thu: 50.000 đồng/thẻ".

    A row with words in one cell only, or the same in all, heads the ones after it. Without a header the cells stand
    alone. A table that is nothing but a header is one row.
    """
    cells = [[" ".join(clean(cell).split()) for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    header = header or int(len(cells) > 1 and _heads(cells[0]))
    names = [" – ".join(dict.fromkeys(filter(None, column))) for column in zip(*cells[:header], strict=False)]
    if len(cells) <= header:
        return [Row("1", "; ".join(filter(None, row))) for row in cells[:1]]
    return _numbered(cells[header:], names, bool(names) and bool(_COUNTED.fullmatch(fold(names[0]))))


def _heads(row: Sequence[str]) -> bool:
    """Tell whether a first row names columns."""
    return sum(bool(_HEADERS.fullmatch(fold(cell))) for cell in row) * 2 >= len(row)


def _numbered(cells: Sequence[Sequence[str]], names: Sequence[str], counted: bool) -> list[Row]:
    found: list[Row] = []
    groups: list[str] = []
    count = 0
    for row in cells:
        words = [cell for cell in dict.fromkeys(row[counted:]) if cell]
        printed = _NUMBER.match(row[0]) if counted else None
        count += 1
        number = printed.group() if printed else str(count)
        depth = _depth(number, groups) if printed else len(groups)
        if len(words) == 1 and len(row) - counted > 1:
            groups[depth:] = [number]
            found.append(Row(number, words[0], tuple(groups[:-1])))
            count = 0
        else:
            groups = groups[:depth]
            found.append(Row(number, _text(row, names, bool(printed)), tuple(groups)))
    return found


def _depth(number: str, groups: Sequence[str]) -> int:
    """Return how many of the open groups a row of this number stands in: as many as before the first of its own sort."""
    sorts = [_sort(group) for group in groups]
    return sorts.index(_sort(number)) if _sort(number) in sorts else len(groups)


def _sort(number: str) -> str:
    if number[0].isdigit():
        return f"1{'.1' * number.count('.')}"
    return "a" if number.islower() else "I" if set(number) <= set("IVXLC") else "A"


def _text(row: Sequence[str], names: Sequence[str], numbered: bool) -> str:
    pairs = zip([*names, *[""] * (len(row) - len(names))], row, strict=False)
    words = [f"{name}: {cell}" if name else cell for name, cell in list(pairs)[numbered:] if cell]
    return "; ".join(words)
