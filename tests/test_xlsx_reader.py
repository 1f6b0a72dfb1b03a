import re
from datetime import date, datetime, time
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import BlockKind, Fault, Reading
from rag.documents.readers.numberformat import shown
from rag.documents.readers.xlsx import read

FEES = [["Việc", "Trực tiếp", "Trực tuyến"], ["Cấp đổi", 50000, 25000], ["Cấp lại", 70000, 35000]]


@pytest.fixture
def book():
    made = openpyxl.Workbook()
    made.active.title = "Biểu phí"
    return made


def reading(book: openpyxl.Workbook, folder: Path) -> Reading:
    book.save(folder / "a.xlsx")
    return read(folder / "a.xlsx", Limits())


def refusal(path: Path) -> Refusal:
    with pytest.raises(DocumentError) as caught:
        read(path, Limits())
    return caught.value.refusal


@pytest.mark.parametrize(
    ("value", "format", "expected"),
    [
        (50000, "General", "50000"),
        (50000, "#,##0", "50.000"),
        (50000, '#,##0\\ "đồng"', "50.000 đồng"),
        (50000, '_-* #,##0\\ [$₫-42A]_-;\\-* #,##0\\ [$₫-42A]_-;_-* "-"??\\ [$₫-42A]_-', "50.000 ₫"),
        (0, "#,##0;-#,##0;miễn", "miễn"),
        (-1234.5, "#,##0.00", "-1.234,50"),
        (-5, "0;(0)", "(5)"),
        (0.25, "0%", "25%"),
        (0.125, "0.0%", "12,5%"),
        (7, "000", "007"),
        (1.5, "0.0##", "1,5"),
        (0.1 + 0.2, "General", "0,3"),
        (1234567, '#,##0,"k"', "1.235k"),
        (0.5, "#,##0.0", "0,5"),
        (True, "General", "TRUE"),
        (date(2026, 7, 1), "mm-dd-yy", "01/07/2026"),
        (datetime(2026, 7, 1), "yyyy-mm-dd", "01/07/2026"),
        (datetime(2026, 7, 1, 8, 30), "dd/mm/yyyy h:mm", "01/07/2026 08:30"),
        (datetime(2026, 7, 1), "mm/yyyy", "07/2026"),
        (datetime(2026, 7, 1), "yyyy", "2026"),
        (time(8, 5), "h:mm", "08:05"),
        ("Miễn phí", "@", "Miễn phí"),
        ("Miễn phí", ";;;", ""),
        (5, ";;;", ""),
    ],
)
def test_a_value_is_written_as_it_is_shown(value, format, expected):
    assert shown(value, format) == expected


def test_each_sheet_is_a_page_with_its_name_as_heading(book, tmp_path):
    for row in FEES:
        book.active.append(row)
    book["Biểu phí"]["B2"].number_format = "#,##0"
    book.create_sheet("Thời hạn").append(["Thời hạn: 7 ngày"])
    read_back = reading(book, tmp_path)
    assert [(b.kind.value, b.text.split("\n")[0], b.page) for b in read_back.blocks] == [
        ("heading", "Biểu phí", 1),
        ("table", "Việc | Trực tiếp | Trực tuyến", 1),
        ("heading", "Thời hạn", 2),
        ("paragraph", "Thời hạn: 7 ngày", 2),
    ]
    table = read_back.blocks[1]
    assert (table.header, table.rows[1]) == (1, ("Cấp đổi", "50.000", "25000"))


def test_titles_notes_and_tables_are_told_apart_by_what_is_empty_around_them(book, tmp_path):
    sheet = book.active
    sheet["A1"] = "BIỂU MỨC THU"
    sheet.merge_cells("A1:C1")
    for at, row in enumerate(FEES, 2):
        for column, value in enumerate(row, 1):
            sheet.cell(at, column, value)
    sheet["A5"] = "Ghi chú: tính bằng đồng"
    sheet["A7"], sheet["B7"], sheet["A8"], sheet["B8"] = "x", "y", "z", "t"
    sheet["E7"] = "bên phải"
    kinds = [(b.kind, b.text) for b in reading(book, tmp_path).blocks[1:]]
    assert kinds == [
        (BlockKind.PARAGRAPH, "BIỂU MỨC THU"),
        (BlockKind.TABLE, "Việc | Trực tiếp | Trực tuyến\nCấp đổi | 50000 | 25000\nCấp lại | 70000 | 35000"),
        (BlockKind.PARAGRAPH, "Ghi chú: tính bằng đồng"),
        (BlockKind.TABLE, "x | y\nz | t"),
        (BlockKind.PARAGRAPH, "bên phải"),
    ]


def test_merged_names_of_two_rows_are_the_header(book, tmp_path):
    sheet = book.active
    for row in [["TT", "Mức thu", None], [None, "Trực tiếp", "Trực tuyến"], [1, 50000, 25000], [2, 70000, 35000]]:
        sheet.append(row)
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:C1")
    table = reading(book, tmp_path).blocks[1]
    assert table.rows[:2] == (("TT", "Mức thu", "Mức thu"), ("TT", "Trực tiếp", "Trực tuyến"))
    assert table.header == 2


def test_what_is_hidden_is_not_read_and_noted(book, tmp_path):
    sheet = book.active
    for row in [["a", "ẩn", "b"], ["ẩn", "ẩn", "ẩn"], ["c", "ẩn", "d"]]:
        sheet.append(row)
    sheet.column_dimensions["B"].hidden = True
    sheet.row_dimensions[2].hidden = True
    sheet["D1"], sheet["D1"].font = "ẩn", Font(color="FFFFFFFF")
    sheet["D3"], sheet["D3"].number_format = "ẩn", ";;;"
    sheet["E1"], sheet["E1"].font = "trắng", Font(color="FFFFFFFF")
    sheet["E1"].fill = PatternFill("solid", fgColor="FF003366")
    book.create_sheet("ẩn").sheet_state = "hidden"
    book["ẩn"].append(["ẩn"])
    read_back = reading(book, tmp_path)
    texts = " ".join(block.text for block in read_back.blocks)
    assert "ẩn" not in texts
    assert all(word in texts for word in ("a", "b", "c", "d", "trắng"))
    assert read_back.pages[0].faults == (Fault.HIDDEN_TEXT,)


def test_a_sheet_without_anything_hidden_has_no_fault(book, tmp_path):
    book.active.append(["Phí", ""])
    assert reading(book, tmp_path).pages[0].faults == ()


def test_a_formula_is_its_stored_value(book, tmp_path):
    sheet = book.active
    sheet.append(["Tổng", 5])
    sheet.append(["Cộng", "=A9"])
    book.save(tmp_path / "a.xlsx")
    with ZipFile(tmp_path / "a.xlsx") as old, ZipFile(tmp_path / "b.xlsx", "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, re.sub(b"</f><v.*?</c>", b"</f><v>12</v></c>", old.read(name)))
    assert read(tmp_path / "b.xlsx", Limits()).blocks[1].rows == (("Tổng", "5"), ("Cộng", "12"))


def test_a_cell_at_the_far_end_costs_nothing(book, tmp_path):
    book.active["A1"] = "đầu"
    book.active["A1048576"] = "cuối"
    book.active.merged_cells.add("A1:A9")
    book.active.merged_cells.add("B1:XFD1048576")
    assert [b.text for b in reading(book, tmp_path).blocks] == ["Biểu phí", "đầu", "cuối"]


def test_an_empty_or_broken_workbook_is_refused(book, tmp_path):
    book.save(tmp_path / "a.xlsx")
    assert refusal(tmp_path / "a.xlsx") is Refusal.NO_TEXT
    data = (tmp_path / "a.xlsx").read_bytes()
    (tmp_path / "b.xlsx").write_bytes(data[:-300])
    assert refusal(tmp_path / "b.xlsx") is Refusal.DAMAGED
    with ZipFile(tmp_path / "a.xlsx") as old, ZipFile(tmp_path / "c.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<broken" if "sheet1" in name else old.read(name))
    assert refusal(tmp_path / "c.xlsx") is Refusal.DAMAGED
