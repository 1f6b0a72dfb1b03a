"""The one door for CSV and Excel: what people download opens in Excel and runs nothing, what they upload is read as text.

A text that a spreadsheet would take for a formula gets an apostrophe in front, which reading takes off again. Reading computes
nothing, follows no reference and looks at an Excel file's size, unpacked, before it opens it. Nothing here does I/O on disk.
"""

import csv
import io
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from rag.errors import SpreadsheetError
from rag.text import INVISIBLE

Cell = str | int | float | date | datetime | None

MAX_BYTES = 2_000_000  # 20,000 rows of a trainer's questions; a form that is larger is not what was asked for
MAX_ROWS = 2_000
MAX_COLUMNS = 50
MAX_CELLS = 100_000
MAX_CELL_CHARS = 32_767  # Excel's own
_MAX_UNPACKED_BYTES = 24_000_000  # our own exports unpack to 6 to 10 times their size
# openpyxl makes objects of them: 4 s of texts at the worst, 1 s of everything else, which it reads in a slower way.
_MAX_ELEMENTS, _MAX_OTHER_ELEMENTS = 320_000, 20_000
_MAX_PARTS = 200
_BLANK_ROWS = 5_000  # Excel keeps rows that were only coloured

_SKIPPED = r"(?:[^\S\n]|['\"“”„‘’«»`])*"
_STARTS = r"[=+\-@＝＋－＠﹦﹢﹣﹫−]"
_RUN = rf"(?={_SKIPPED}{_STARTS})"
# Where Excel's list separator is the semicolon, as in Vietnam, a cell can also begin inside one of ours.
_UNSAFE = re.compile(rf"(?:^|(?<=[\n;])){_RUN}")
_NEUTRALISED = re.compile(rf"(?:^|(?<=[\n;]))'{_RUN}")
_WIDTHS = (8, 60)
_WRAPPED, _BOLD = Alignment(wrap_text=True, vertical="top"), Font(bold=True)


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: the names of its columns and its rows. Datetimes have no zone."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return CSV as Excel wants it: UTF-8 with its mark, commas, CRLF. Dates are ISO."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_written(cell) for cell in row] for row in (header, *rows))
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(sheets: Mapping[str, Table]) -> bytes:
    """Return a workbook of these sheets, by name: header bold and frozen, dates as dates, numbers as numbers."""
    book = openpyxl.Workbook(write_only=True)
    for name, table in sheets.items():
        sheet = book.create_sheet(_sheet_name(name))
        sheet.freeze_panes = "A2"
        for at, width in enumerate(_column_widths(table), 1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        for row in (table.header, *table.rows):
            sheet.append([_styled(sheet, cell, bold=row is table.header) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_table(
    data: bytes, name: str, columns: Sequence[str], max_rows: int = MAX_ROWS, optional: Sequence[str] = ()
) -> list[dict[str, str]]:
    """Return the rows of a CSV or Excel file called `name` as {column: text}; every column of `columns` must be there, and those
    of `optional` may be.

    Capital letters and spaces in the header do not matter. Raises SpreadsheetError, one sentence for the person who sent it.
    """
    rows = numbered_rows(data, name, max_rows)
    number, header = next(rows, (1, []))
    wanted = {_key(column): column for column in (*columns, *optional)}
    found = [wanted.get(_key(cell), cell) for cell in header]
    _check_header(found, columns, optional, number)
    return [_as_dict(found, cells, at) for at, cells in rows]


def numbered_rows(data: bytes, name: str, max_rows: int = MAX_ROWS) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank with their numbers as Excel shows them, the header first.

    The text is NFC, trimmed and as it was before a spreadsheet was made of it. Raises SpreadsheetError.
    """
    if len(data) > MAX_BYTES:
        raise SpreadsheetError(f"Tệp này nặng quá {MAX_BYTES // 1_000_000} MB, bạn chia nhỏ ra rồi gửi lại nhé.")
    excel = data.startswith(b"PK") or name.lower().endswith(".xlsx")
    rows = filled = 0
    for number, cells in _excel_rows(data) if excel else _csv_rows(data):
        rows += any(cells)
        filled += sum(map(bool, cells))
        if rows > max_rows + 1 or filled > MAX_CELLS or number > max_rows + _BLANK_ROWS:
            raise SpreadsheetError(
                f"Tệp này dài quá: chỉ nhận {_whole(max_rows)} dòng và {_whole(MAX_CELLS)} ô, bạn chia nhỏ ra nhé.",
                number,
            )
        if any(cells):
            _check_cells(cells, number)
            yield number, cells[: max(at for at, cell in enumerate(cells, 1) if cell)]


def neutralised(text: str) -> str:
    """Return the text with an apostrophe before all that a spreadsheet would run: "=1+1" → "'=1+1"."""
    return _UNSAFE.sub("'", _tidy(text))


def _tidy(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return INVISIBLE.sub("", text).replace("\ufffe", "").replace("\uffff", "").strip()


def _restored(text: str) -> str:
    return _NEUTRALISED.sub("", _tidy(text))


def _written(cell: Cell) -> Cell:
    return neutralised(cell) if isinstance(cell, str) else cell


def _styled(sheet: Any, cell: Cell, bold: bool) -> Any:
    made: Any = WriteOnlyCell(sheet, _written(cell))  # pyright: ignore[reportArgumentType]
    if isinstance(cell, str):
        made.data_type = "s"  # openpyxl takes "#N/A" for an error
        if len(cell) > _WIDTHS[1] or "\n" in cell:
            made.alignment = _WRAPPED
    elif isinstance(cell, date):
        made.number_format = "dd/mm/yyyy hh:mm" if isinstance(cell, datetime) else "dd/mm/yyyy"
    if bold:
        made.font = _BOLD
    return made


def _column_widths(table: Table) -> Iterator[int]:
    """Yield how wide each column is, in characters: as its longest line, within bounds."""
    low, high = _WIDTHS
    for at, title in enumerate(table.header):
        cells = (title, *(row[at] for row in table.rows if at < len(row)))
        longest = max(len(line) for cell in cells if cell is not None for line in str(cell).split("\n"))
        yield min(max(longest + 2, low), high)


def _sheet_name(name: str) -> str:
    """Return what Excel takes as a sheet's name; room is left for the number that tells two equal ones apart."""
    return re.sub(r"[\[\]:*?/\\']", " ", _tidy(name))[:28].strip() or "Trang"


def _csv_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(data)
    delimiter = max(",;\t", key=lambda mark: len(_first_record(text, mark)))
    number = 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            yield number, [_restored(cell) for cell in row]
    except csv.Error as error:
        raise SpreadsheetError(
            f"Dòng {number + 1}: dấu ngoặc kép mở ra mà không đóng lại đúng chỗ, bạn sửa dòng này nhé.", number + 1
        ) from error


def _first_record(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _decoded(data: bytes) -> str:
    """Decode UTF-8, or the UTF-16 of Excel's "Unicode text"."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SpreadsheetError(
            f"Dòng {line}: chữ không đọc được, bạn mở tệp bằng Excel rồi lưu lại thành .xlsx hoặc “CSV UTF-8” nhé.",
            line,
        ) from error
    if "\0" in text:
        raise SpreadsheetError("Tệp này không phải bảng tính, bạn gửi tệp Excel (.xlsx) hoặc CSV nhé.")
    return text


def _excel_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    _check_package(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
        sheet.reset_dimensions()  # what the file says of its own size may be wrong
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1), 1):
            yield number, [_read(cell.value, cell.data_type, number, at) for at, cell in enumerate(row, 1)]
    except SpreadsheetError:
        raise
    except Exception as error:  # whatever openpyxl raises on a broken file, its sender needs one sentence
        raise _not_excel() from error


def _check_package(data: bytes) -> None:
    """Raise SpreadsheetError for what is no Excel file or one that is made to fill the memory or to reach other files."""
    try:
        with ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED_BYTES:
                raise SpreadsheetError("Tệp Excel này khi mở ra thì lớn quá, bạn chia nhỏ ra hoặc lưu thành CSV nhé.")
            if "xl/workbook.xml" not in package.namelist():
                raise _not_excel()
            read = [part for part in parts if part.filename.lower().endswith((".xml", ".rels", ".vml"))]
            elements = {part.filename: _elements(package.read(part)) for part in read}
    except (BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, zlib.error, EOFError) as error:
        raise _not_excel() from error
    other = sum(n for name, n in elements.items() if not name.startswith(("xl/worksheets/sheet", "xl/sharedStrings")))
    if sum(elements.values()) > _MAX_ELEMENTS or other > _MAX_OTHER_ELEMENTS:
        raise SpreadsheetError("Tệp Excel này có nhiều ô quá, bạn chia nhỏ ra hoặc lưu thành CSV nhé.")


def _elements(xml: bytes) -> int:
    """Return about how many elements a part has. Raises SpreadsheetError where it declares entities, or could hide that."""
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml or b"\0" in xml:
        raise _not_excel()
    return xml.count(b"<") - xml.count(b"</")


def _not_excel() -> SpreadsheetError:
    return SpreadsheetError("Tệp này không phải tệp Excel (.xlsx) đọc được, bạn mở bằng Excel rồi lưu lại nhé.")


def _read(value: object, kind: str, row: int, column: int) -> str:
    """Return a cell of Excel as text: days as ISO, numbers as Excel shows them. Raises SpreadsheetError for a formula."""
    if kind in {"f", "e"}:
        what = "công thức" if kind == "f" else "lỗi"
        raise SpreadsheetError(
            f"Dòng {row}, cột {get_column_letter(column)}: ô này là {what}, bạn thay bằng chữ hoặc số rồi gửi lại nhé.",
            row,
        )
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else f"{value:.0f}"
    return "" if value is None else _restored(str(value))


def _check_cells(cells: Sequence[str], number: int) -> None:
    if any(cells[MAX_COLUMNS:]):
        raise SpreadsheetError(f"Dòng {number}: có nhiều hơn {MAX_COLUMNS} cột, bạn bỏ bớt nhé.", number)
    for at, cell in enumerate(cells, 1):
        if len(cell) > MAX_CELL_CHARS:
            raise SpreadsheetError(
                f"Dòng {number}, cột {get_column_letter(at)}: ô này dài quá {_whole(MAX_CELL_CHARS)} chữ, bạn viết ngắn lại nhé.",
                number,
            )


def _check_header(found: Sequence[str], columns: Sequence[str], optional: Sequence[str], number: int) -> None:
    known = {*columns, *optional}
    faults = {
        "thiếu cột": [column for column in columns if column not in found],
        "có cột lạ": [cell for cell in found if cell and cell not in known],
        "có hai lần cột": sorted({cell for cell in found if cell in known and found.count(cell) > 1}),
    }
    said = [f"{what} {_names(cells)}" for what, cells in faults.items() if cells]
    if said:
        raise SpreadsheetError(f"Dòng {number}: {', '.join(said)}; các cột cần có là {_names(columns)}.", number)


def _as_dict(header: Sequence[str], cells: Sequence[str], number: int) -> dict[str, str]:
    for at, cell in enumerate(cells):
        if cell and not (at < len(header) and header[at]):
            raise SpreadsheetError(
                f"Dòng {number}, cột {get_column_letter(at + 1)}: có chữ nằm ngoài các cột có tên, bạn xóa hoặc đặt tên cột nhé.",
                number,
            )
    padded = [*cells, *[""] * (len(header) - len(cells))]
    return {column: cell for column, cell in zip(header, padded, strict=False) if column}


def _key(column: str) -> str:
    return " ".join(column.lower().split())


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f"“{column[:40]}”" for column in columns[:12])


def _whole(number: int) -> str:
    return f"{number:,}".replace(",", ".")
