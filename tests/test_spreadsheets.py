import csv
import io
from datetime import date, datetime
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SpreadsheetError
from rag.spreadsheets import MAX_BYTES, Table, neutralised, numbered_rows, read_table, to_csv, to_xlsx

PAYLOADS = [
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1", "\r\n=1+1", "  =1+1", "\u00a0=1+1", "\u200b=1+1",
    "\ufeff=1+1", "\u202e=1+1", "\x00=1+1", "\x1b=1+1", "\u2003=1+1", '"=1+1', "'=1+1", "''=1+1", '"" =1+1', "“=1+1”",
    "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "﹦1+1", "−1+1", "=cmd|'/C calc'!A0", "-2+3+cmd|'/C calc'!A0", "+84900000000",
    '=HYPERLINK("http://127.0.0.1?x="&A1,"xem")', "=IMPORTXML(A1)", "@cmd|'/C calc'!A0", "x;=1+1", 'x;"=1+1', "x\n=1+1", "x\n;\t-1+1",
    "\u200d\t'=1+1", "- giấy tờ cũ", "=",
]  # fmt: skip
HEADER = ("Câu hỏi", "Ghi chú")
STARTS = tuple("=+-@＝＋－＠﹦−")


def _first_chars(text: str) -> set[str]:
    """What a spreadsheet could take for a cell's first character, under either list separator."""
    skipped = " \t\r\"'“”\u00a0\u2003\u200b\u200d\ufeff\u202e\x00\x1b"
    return {part.lstrip(skipped)[:1] for part in text.replace(";", "\n").split("\n") if not part.startswith("'")}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_a_formula_in_either_file(payload):
    table = Table(HEADER, ((payload, "không"), ("không", payload)))
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx({"a": table}))).worksheets[0]
    excel = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    rows = list(csv.reader(io.StringIO(to_csv(table.header, table.rows).decode("utf-8-sig"), newline="")))
    assert {cell.data_type for cell in excel} == {"s"}
    for text in (excel[0].value, excel[3].value, rows[1][0], rows[2][1]):
        assert not _first_chars(text) & set(STARTS), repr(text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_was_made_safe_comes_back_readable(payload):
    shown = "".join(c for c in payload if c.isprintable() or c == "\n").strip()
    for data in (to_csv(HEADER, [(payload, "x")]), to_xlsx({"a": Table(HEADER, ((payload, "x"),))})):
        text = read_table(data, "a", HEADER)[0]["Câu hỏi"]
        assert text.replace(" ", "") == shown.replace("\t", "").replace(" ", "").replace("\u2003", "")


@pytest.mark.slow
@given(
    st.lists(
        st.text(st.one_of(st.sampled_from("=-+@'\"“;,\n\t＝ aă"), st.characters()), max_size=12), min_size=1, max_size=4
    )
)
def test_export_and_import_give_the_same_text(texts):
    table = Table(HEADER, tuple((f"x{text}", text) for text in texts))
    once = read_table(to_csv(table.header, table.rows), "a.csv", HEADER)
    again = [tuple(row.values()) for row in once]
    assert read_table(to_csv(HEADER, again), "a.csv", HEADER) == once
    assert read_table(to_xlsx({"a": Table(HEADER, tuple(again))}), "a.xlsx", HEADER) == once


@pytest.mark.parametrize(
    "text", ["Bạn đi khám; nhớ mang thẻ", "giá 5-10 nghìn", "a = b", "'trích", "thư: a@vi.du", "x;y\nz"]
)
def test_ordinary_text_stays_as_it_is(text):
    assert neutralised(text) == text


def test_a_workbook_keeps_days_and_numbers_and_freezes_a_bold_header():
    day, when = date(2026, 11, 25), datetime(2026, 11, 25, 8, 30)
    rows = (("a", 5, -2.5, day, when, None), ("#N/A", 6, 0.1, day, when, "x"))
    data = to_xlsx(
        {
            "Lớp: [1]/2": Table(("chữ", "số", "lẻ", "ngày", "giờ", "trống"), rows),
            "Lớp  1 2" + "x" * 40: Table(("a",), ()),
        }
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[2]] == ["a", 5, -2.5, datetime(2026, 11, 25), when, None]
    assert [cell.data_type for cell in sheet[3]] == ["s", "n", "n", "d", "d", "s"]
    assert sheet["D2"].number_format == "dd/mm/yyyy"
    assert (sheet.freeze_panes, sheet["A1"].font.bold, sheet["A2"].font.bold) == ("A2", True, False)
    assert sheet.column_dimensions["D"].width == 12
    read = list(numbered_rows(data, "a.xlsx"))
    assert read[1] == (2, ["a", "5", "-2.5", "2026-11-25", "2026-11-25 08:30"])


def test_csv_is_what_excel_opens():
    data = to_csv(HEADER, [("dòng\nhai", 5), (date(2026, 1, 2), -1)])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == 'Câu hỏi,Ghi chú\r\n"dòng\nhai",5\r\n2026-01-02,-1\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_however_excel_saved_it(encoding, mark):
    text = f'  câu  HỎI {mark}Ghi chú\r\n\r\n"Lệ phí, giấy tờ; nơi nộp? "{mark}\r\n'
    assert read_table(text.encode(encoding), "a.csv", HEADER) == [
        {"Câu hỏi": "Lệ phí, giấy tờ; nơi nộp?", "Ghi chú": ""}
    ]


def test_text_is_nfc_and_whole_numbers_stay_whole():
    book = openpyxl.Workbook()
    book.active.append(["Câu hỏi", "Ghi chú"])
    book.active.append(["  ho\u0323c  ", 12.0])
    book.active.append([100000000000, 0.1 + 0.2])
    out = io.BytesIO()
    book.save(out)
    read = read_table(out.getvalue(), "a.xlsx", HEADER)
    assert [tuple(row.values()) for row in read] == [("học", "12"), ("100000000000", "0.3")]


def _book(*rows) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Dòng 1: thiếu cột “Câu hỏi”, “Ghi chú”; các cột cần có là"),
        ("Câu hỏi,lạ\n".encode(), "Dòng 1: thiếu cột “Ghi chú”, có cột lạ “lạ”; các cột"),
        ("Câu hỏi,Ghi chú,ghi chú\n".encode(), "Dòng 1: có hai lần cột “Ghi chú”"),
        ("Câu hỏi,Ghi chú\na,b,c\n".encode(), "Dòng 2, cột C: có chữ nằm ngoài"),
        ('Câu hỏi,Ghi chú\na,b\n"c,d\n'.encode(), "Dòng 3: dấu ngoặc kép"),
        ("Câu hỏi,Ghi chú\nđi,về\n".encode("cp1258", "replace"), "Dòng 1: chữ không đọc được"),
        (b"%PDF-1.7\0\1", "không phải bảng tính"),
        (b"x" * (MAX_BYTES + 1), "nặng quá 2 MB"),
        (("Câu hỏi,Ghi chú\n" + "a,b\n" * 11).encode(), "chỉ nhận 10 dòng"),
        (("Câu hỏi,Ghi chú\n" + "\n" * 9000 + "a,b\n").encode(), "chỉ nhận 10 dòng"),
        (("Câu hỏi,Ghi chú\n" + "a" * 40_000 + ",b\n").encode(), "Dòng 2, cột A: ô này dài quá 32.767 chữ"),
        (("Câu hỏi,Ghi chú\n" + "a" * 140_000 + ",b\n").encode(), "Dòng 2"),
        (("x," * 60 + "\n").encode(), "Dòng 1: có nhiều hơn 50 cột"),
        (b"PK nothing", "không phải tệp Excel"),
        (_book(HEADER, ("a", "=1+1")), "Dòng 2, cột B: ô này là công thức"),
        (_book(HEADER, ("#N/A", "a")), "Dòng 2, cột A: ô này là lỗi"),
        (_book(HEADER, *[("a", "b")] * 11), "chỉ nhận 10 dòng"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_refused_in_one_sentence(data, said):
    with pytest.raises(SpreadsheetError) as caught:
        read_table(data, "a.csv", HEADER, max_rows=10)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def _repacked(data: bytes, changed: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *changed}:
            new.writestr(name, changed.get(name) or old.read(name))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
ROWS = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"xl/media/a.bin": b"\0" * 30_000_000}, "lớn quá"),
        ({"xl/styles.xml": b"<a/>" * 30_000}, "nhiều ô quá"),
        ({SHEET: b"<a/>" * 400_000}, "nhiều ô quá"),
        ({SHEET: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'}, "không phải tệp Excel"),
        ({SHEET: b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><x/>'}, "không phải tệp Excel"),
        ({SHEET: '<?xml version="1.0"?><x/>'.encode("utf-16")}, "không phải tệp Excel"),
        ({SHEET: b"<worksheet><"}, "không phải tệp Excel"),
        ({"xl/workbook.xml": b"<nothing/>"}, "không phải tệp Excel"),
        ({SHEET: ROWS.format('<row r="1048576"><c r="A1048576"><v>1</v></c></row>').encode()}, "chỉ nhận 10 dòng"),
        ({SHEET: ROWS.format('<row r="1"><c r="AY1"><v>1</v></c></row>').encode()}, "nhiều hơn 50 cột"),
        ({f"xl/x{n}.xml": b"<a/>" for n in range(300)}, "lớn quá"),
    ],
)
def test_an_excel_file_made_to_do_harm_is_refused_before_it_is_opened(changed, said):
    with pytest.raises(SpreadsheetError, match=said):
        read_table(_repacked(_book(HEADER, ("a", "b")), changed), "a.xlsx", HEADER, max_rows=10)


def test_a_file_that_lies_about_its_size_is_read_whole_and_without_wide_rows():
    rows = '<dimension ref="A1:XFD1"/>'
    body = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for n, text in ((1, "Câu hỏi"), (2, "a"))
    )
    data = _repacked(_book(HEADER), {SHEET: ROWS.replace("<sheetData>", rows + "<sheetData>").format(body).encode()})
    assert read_table(data, "a.xlsx", ["Câu hỏi"]) == [{"Câu hỏi": "a"}]
