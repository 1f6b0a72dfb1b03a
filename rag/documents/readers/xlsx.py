"""Workbooks (XLSX, XLSM) as people see them: each sheet a page, its tables with merged cells filled, numbers as they are shown.

A formula is the value that was stored with it. Hidden sheets, rows and columns are not read; no macro runs, no link is followed.
openpyxl reads the cells as they come; what it does not tell in that mode (merged, hidden) is taken from the sheet's XML.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.utils.cell import range_boundaries

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Fault, PrintedLine, Reading
from rag.documents.readers.colours import colour, indistinct
from rag.documents.readers.drafting import Draft, guessed_header, one_line
from rag.documents.readers.numberformat import shown
from rag.documents.readers.packages import Package, opened

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_ROWS = 2**20  # of a sheet in Excel
_MOST_CELLS = 500_000
_WHITE_INDEXES = (1, 9)  # of Excel's old palette
_WHITE_THEME = 0


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    bold: bool = False
    since: int = 0  # the row in which it begins, where it was merged downwards


@dataclass(slots=True)
class _Frame:
    """What lies over the cells of a sheet; rows and columns count from 1."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # first column, first row, last column, last row

    def hides_column(self, at: int) -> bool:
        return any(first <= at <= last for first, last in self.hidden_columns)


Grid = dict[int, dict[int, _Cell]]  # by row, then by column; only cells with text


def read(path: Path, limits: Limits) -> Reading:
    """Return what a workbook shows. Raises DocumentError when it is protected, broken or too large."""
    with opened(path, limits) as package:
        try:
            return _reading(path, package, Draft("xlsx", limits))
        except (DocumentError, MemoryError):
            raise
        except Exception as error:  # openpyxl raises whatever its parts raise on a broken file
            raise DocumentError(Refusal.DAMAGED, f"{type(error).__name__}: {error}"[:100]) from error


def _reading(path: Path, package: Package, draft: Draft) -> Reading:
    parts = _sheet_parts(package)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if len(visible) < len(book.worksheets):
        draft.note(Fault.HIDDEN_TEXT)
    left = _MOST_CELLS
    for sheet in visible:
        if sheet is not visible[0]:
            draft.turn_page()
        grid = _grid(sheet, _frame(package, parts.get(sheet.title)), draft, left)
        left -= sum(map(len, grid.values()))
        if grid:
            draft.heading(draft.mended(sheet.title), 1)
            _write(grid, draft)
    said = book.properties
    declared = {"title": said.title, "author": said.creator, "description": said.description, "language": said.language}
    dates = {"created": said.created, "modified": said.modified}
    return draft.reading(
        {name: value or "" for name, value in declared.items()}
        | {name: value.isoformat() for name, value in dates.items() if value}
    )


def _sheet_parts(package: Package) -> dict[str, str]:
    """Return the part of each sheet by the sheet's name."""
    main = package.related("officeDocument")
    book = package.xml(main)
    if main is None or book is None:
        raise DocumentError(Refusal.DAMAGED, "no workbook in it")
    named = {sheet.get("name", ""): sheet.get(f"{_R}id", "") for sheet in book.iter(f"{_S}sheet")}
    return {name: part for name, id in named.items() if (part := package.target(id, main))}


def _frame(package: Package, part: str | None) -> _Frame:
    frame = _Frame()
    for element in package.elements(part, f"{_S}col", f"{_S}row", f"{_S}mergeCell"):
        if element.tag == f"{_S}mergeCell":
            left, top, right, bottom = range_boundaries(element.get("ref", ""))
            if left and top and right and bottom:
                frame.merged.append((left, top, right, bottom))
        elif element.get("hidden") in ("1", "true") or _is_zero(element):
            if element.tag == f"{_S}row":
                frame.hidden_rows.add(int(element.get("r", "0")))
            else:
                frame.hidden_columns.append((int(element.get("min", "0")), int(element.get("max", "0"))))
    return frame


def _is_zero(element: etree._Element) -> bool:
    size = element.get("ht") or element.get("width")
    return size is not None and float(size) == 0


def _grid(sheet: Any, frame: _Frame, draft: Draft, most: int) -> Grid:
    """Return the cells that people see, merged ones in each place that they cover."""
    grid: Grid = {}
    count = 0
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    for number, cells in enumerate(sheet.iter_rows()):
        if number == _ROWS:
            raise DocumentError(Refusal.DAMAGED, f"a sheet of more than {_ROWS:,} rows")
        for cell in cells:
            if cell.value is None:
                continue
            if cell.row in frame.hidden_rows or frame.hides_column(cell.column):
                draft.note(Fault.HIDDEN_TEXT)
                continue
            made = _shown(cell, draft)
            if made.text:
                grid.setdefault(cell.row, {})[cell.column] = made
                count += 1
            if count > most:
                raise DocumentError(Refusal.TOO_LARGE, f"more than {_MOST_CELLS} cells")
    _spread(grid, frame)
    return grid


def _shown(cell: Any, draft: Draft) -> _Cell:
    text = shown(cell.value, cell.number_format or "General")
    font = cell.font
    if not text.strip() or _is_unseen(font, cell.fill):
        if str(cell.value).strip():
            draft.note(Fault.HIDDEN_TEXT)
        return _Cell("")
    return _Cell(one_line(draft.mended(text, font.name or "")), bool(font.b), cell.row)


def _is_unseen(font: Any, fill: Any) -> bool:
    return (font.sz is not None and font.sz <= 1) or indistinct(_colour(font.color), _back(fill))


def _back(fill: Any) -> str | None:
    kind = getattr(fill, "fill_type", None)
    if kind is None:
        return "ffffff"
    return _colour(fill.fgColor) if kind == "solid" else None


def _colour(value: Any) -> str | None:
    """Return a colour as far as it is known without the theme, whose first is white in every workbook that prints."""
    if value is None:
        return None
    if value.type == "rgb":
        return colour(value.rgb)
    white = (value.type == "theme" and value.theme == _WHITE_THEME and not value.tint) or (
        value.type == "indexed" and value.indexed in _WHITE_INDEXES
    )
    return "ffffff" if white else None


def _spread(grid: Grid, frame: _Frame) -> None:
    """Put merged cells in each place that they cover, as far as the sheet is written on."""
    if not grid:
        return
    last_row, last_column = max(grid), max(max(row) for row in grid.values())
    left = _MOST_CELLS
    for first_column, first_row, right, bottom in frame.merged:
        source = grid.get(first_row, {}).get(first_column)
        if source is None:
            continue
        for row in range(first_row, min(bottom, last_row) + 1):
            if row in frame.hidden_rows:
                continue
            for column in range(first_column, min(right, last_column) + 1):
                if not frame.hides_column(column):
                    grid.setdefault(row, {})[column] = source
                    left -= 1
            if left < 0:
                raise DocumentError(Refusal.TOO_LARGE, f"more than {_MOST_CELLS} merged cells")


# Tables


def _write(grid: Grid, draft: Draft) -> None:
    """Write what lies between empty rows, and in that between empty columns, as paragraphs and tables."""
    for rows in _runs(sorted(grid)):
        for columns in _runs(sorted({column for row in rows for column in grid[row]})):
            part = [[grid[row].get(column) for column in columns] for row in rows]
            _write_part([row for row in part if any(row)], draft)


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yield stretches of numbers that follow each other: [1, 2, 5] → [1, 2], [5]."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _write_part(rows: list[list[_Cell | None]], draft: Draft) -> None:
    """Write lines with one text above and below a table as paragraphs, what lies between as a table."""
    single = [len({cell for cell in row if cell}) < 2 for row in rows]
    top = next((at for at, alone in enumerate(single) if not alone), len(rows))
    end = next((at for at in range(len(rows), top, -1) if not single[at - 1]), top)
    _write_lines(rows[:top], draft)
    if end - top == 1:
        _write_lines([[cell] for cell in rows[top]], draft)
    elif end > top:
        _write_table(rows[top:end], draft)
    _write_lines(rows[max(end, top) :], draft)


def _write_lines(rows: list[list[_Cell | None]], draft: Draft) -> None:
    before = None
    for row in rows:
        cell = next((cell for cell in row if cell), None)
        if cell and cell != before:  # the same one again was merged
            draft.paragraph(cell.text, line=PrintedLine("", bold=cell.bold))
        before = cell


def _write_table(rows: list[list[_Cell | None]], draft: Draft) -> None:
    texts = [[cell.text if cell else "" for cell in row] for row in rows]
    named = all(cell.bold for cell in rows[0] if cell)
    header = int(named) or guessed_header(texts)
    first = min((cell.since for cell in rows[0] if cell), default=0)
    while 0 < header < len(rows) - 1 and any(cell and cell.since < first + header for cell in rows[header]):
        header += 1
    draft.table(texts, header)
