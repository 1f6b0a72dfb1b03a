"""Reading order, paragraphs, headings and tables, from lines put on a page by hand."""

import numpy as np
import pytest

from rag.documents.layout import Sheet, blocks, reading_order
from rag.documents.pages import BlockKind, Box, PrintedLine
from rag.documents.rulings import Ruling, Rulings, find_rulings, grids
from rag.documents.words import Word, lines

WIDE, HIGH = 595.0, 842.0
LEFT, RIGHT = 85.0, 540.0
FULL = RIGHT - LEFT


def line(text, x, y, width=None, size=13.0, bold=False):
    width = width or 0.45 * size * len(text)
    box = Box(x / WIDE, y / HIGH, (x + width) / WIDE, (y + size) / HIGH)
    return PrintedLine(text, box, size, "Serif", bold)


def centred(text, y, **more):
    width = 0.45 * 13 * len(text)
    return line(text, (LEFT + RIGHT - width) / 2, y, **more)


def paragraph(y, *texts):
    """Lines that fill the width but for the last, and an indent before the first."""
    count = len(texts)
    return [
        line(text, LEFT + (28 if n == 0 else 0), y + 17 * n, (FULL - (28 if n == 0 else 0)) if n < count - 1 else None)
        for n, text in enumerate(texts)
    ]


def sheet(*lines, number=1, rulings=None):
    return Sheet(number, WIDE, HIGH, tuple(lines), rulings or Rulings())


def texts(*sheets):
    return [block.text for block in blocks(sheets)]


def ruled(xs, ys):
    return Rulings(tuple(Ruling(y, xs[0], xs[-1]) for y in ys), tuple(Ruling(x, ys[0], ys[-1]) for x in xs))


BODY = paragraph(
    300, "Nghị định này quy định mức thu, chế độ thu, nộp lệ phí cấp thẻ thư viện và việc", "quản lý lệ phí."
)


def test_the_two_sides_of_a_letterhead_are_not_interleaved():
    head = [
        line("CHÍNH PHỦ", 120, 60, bold=True),
        line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 270, 60, 260, bold=True),
        line("Độc lập - Tự do - Hạnh phúc", 320, 77, 160, bold=True),
        line("Số: 901/2099/NĐ-CP", 100, 100, 110),
        line("Hà Nội, ngày 15 tháng 3 năm 2099", 305, 100, 190),
        centred("NGHỊ ĐỊNH", 118, bold=True),
    ]
    found = blocks([sheet(*head, *BODY)])
    assert [block.text for block in found[:6]] == [
        "CHÍNH PHỦ",
        "Số: 901/2099/NĐ-CP",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Hà Nội, ngày 15 tháng 3 năm 2099",
        "NGHỊ ĐỊNH",
    ]
    assert [block.kind for block in found[4:6]] == [BlockKind.PARAGRAPH, BlockKind.HEADING]


def test_columns_are_read_one_after_the_other_and_a_sentence_goes_on_in_the_next():
    left = [line(f"dòng trái số {n} của cột này", LEFT, 100 + 17 * n, 215) for n in range(10)]
    right = [line(f"dòng phải số {n} của cột này", LEFT + 235, 100 + 17 * n, 215) for n in range(9)]
    found = texts(sheet(*(one for pair in zip(left, right, strict=False) for one in pair), left[-1]))
    assert found == [" ".join(one.text for one in left + right)]


@pytest.mark.parametrize(("rows", "parts"), [(8, 2), (3, 1)])
def test_a_narrow_gap_parts_columns_only_where_it_goes_on_through_many_rows(rows, parts):
    words = [
        Word(text, left, 100 + 15 * row, right, 112 + 15 * row, size=12.0)
        for row in range(rows)
        for text, left, right in (("một", 50, 68), ("dòng", 71, 98 - row % 3), ("cột", 107, 130), ("hai", 133, 150))
    ]
    assert len(lines(words, Rulings())) == parts * rows


def test_headers_and_page_numbers_are_left_out_and_what_is_said_once_is_kept():
    pages = [
        sheet(
            line(f"CÔNG BÁO/Số {300 + n}/Ngày 15-3-2099", LEFT, 30, 200),
            *(paragraph(100, f"Đoạn văn của trang {n}, dài gần hết một dòng trên trang giấy này để thử.", "Hết đoạn.")),
            centred(f"- {n} -", 800),
            number=n,
        )
        for n in (1, 2, 3)
    ]
    assert [text[:20] for text in texts(*pages)] == [
        "Đoạn văn của trang 1",
        "Đoạn văn của trang 2",
        "Đoạn văn của trang 3",
    ]
    assert texts(sheet(line("Điều 1. Một dòng ở đầu trang", LEFT, 30), *BODY))[0] == "Điều 1. Một dòng ở đầu trang"
    assert "Trang 2/10" not in texts(sheet(*BODY, line("Trang 2/10", 480, 800)))


def test_a_paragraph_goes_on_over_the_page_and_its_footnote_does_not_part_it():
    first = [
        line("Công dân từ đủ 14 tuổi trở lên thực hiện thủ tục đổi thẻ, trừ các trường hợp được", LEFT, 700, FULL),
        line("1 Theo Luật số 907/2098/QH29.", LEFT, 760, size=9.0),
    ]
    second = [line("miễn lệ phí theo quy định.", LEFT, 60)]
    body = paragraph(100, *["một dòng văn bản của trang này chạy hết chiều rộng của trang giấy in ra"] * 8, "hết.")
    found = texts(sheet(*body, *first), sheet(*second, *BODY, number=2))
    assert found[1] == f"{first[0].text} {second[0].text}"
    assert found[2] == "1 Theo Luật số 907/2098/QH29."


@pytest.mark.parametrize(
    ("second", "count"),
    [
        ("Điều 5 Nghị định này và các văn bản có liên quan.", 1),
        ("Điều 5. Các trường hợp được miễn lệ phí", 2),
        ("a) Thẻ của người dưới 18 tuổi;", 1),  # the line before is full and its sentence has not ended
        ("tháng 7 năm 2099.", 1),
    ],
)
def test_a_line_that_names_an_article_goes_on_and_one_that_begins_it_does_not(second, count):
    first = line("Người nộp lệ phí là công dân từ đủ 14 tuổi trở lên, trừ trường hợp quy định tại", LEFT, 100, FULL)
    assert len(texts(sheet(first, line(second, LEFT, 117)))) == count


def test_points_begin_paragraphs_and_lines_below_them_go_on():
    lines = [
        line("1. Các trường hợp được miễn lệ phí gồm có:", LEFT + 28, 100),
        line("a) Đổi thẻ khi Nhà nước quy định thay đổi địa giới hành chính của nơi", LEFT + 28, 117, FULL - 28),
        line("người đó cư trú;", LEFT, 134),
        line("b) Cấp lại thẻ do lỗi của cơ quan.", LEFT + 28, 151),
    ]
    assert texts(sheet(*lines)) == [lines[0].text, f"{lines[1].text} {lines[2].text}", lines[3].text]


def test_a_word_broken_at_the_end_of_a_line_is_whole():
    lines = [
        line("Người dân có thể nộp hồ sơ trên cổng dịch vụ công bằng tài khoản VNe-", LEFT, 100, FULL),
        line("ID hoặc nộp trực tiếp theo Nghị định số 902/2091/NĐ-", LEFT, 117, FULL),
        line("CP.", LEFT, 134),
    ]
    assert texts(sheet(*lines))[0].endswith("902/2091/NĐ-CP.")


def test_titles_are_headings_and_who_signed_is_none():
    lines = [
        centred("Chương II", 80, bold=True),
        centred("MỨC THU VÀ QUẢN LÝ LỆ PHÍ", 97, bold=True),
        line("Điều 4. Mức thu lệ phí", LEFT + 28, 120, bold=True),
        *paragraph(140, "Mức thu lệ phí cấp thẻ theo biểu kèm theo Nghị định này, áp dụng từ ngày", "ký ban hành."),
        line("Nơi nhận:", LEFT, 300, bold=True),
        line("TM. CHÍNH PHỦ", 380, 300, bold=True),
        line("- Các bộ;", LEFT, 317),
        line("THỦ TƯỚNG", 390, 317, bold=True),
        line("- Lưu: VT.", LEFT, 334),
        line("Nguyễn Văn Mẫu", 375, 400, bold=True),
    ]
    found = blocks([sheet(*lines)])
    assert [b.text for b in found if b.kind is BlockKind.HEADING] == [one.text for one in lines[:3]]
    assert [b.text for b in found[4:]] == [
        "Nơi nhận:",
        "- Các bộ;",
        "- Lưu: VT.",
        "TM. CHÍNH PHỦ THỦ TƯỚNG",
        "Nguyễn Văn Mẫu",
    ]


def test_larger_titles_stand_above_smaller_ones():
    lines = [line("HƯỚNG DẪN", LEFT, 60, size=24.0), line("Các bước làm", LEFT, 120, size=18.0), *BODY]
    assert [(b.text, b.level) for b in blocks([sheet(*lines)])[:2]] == [("HƯỚNG DẪN", 1), ("Các bước làm", 2)]


def test_what_is_filled_in_beside_each_other_is_read_across():
    lines = [
        line("5. Số điện thoại:", LEFT, 100),
        line("6. Thư điện tử:", 330, 100),
        line("7. Ngày sinh:", LEFT, 117),
        line("8. Giới tính:", 330, 117),
    ]
    assert texts(sheet(*lines)) == ["5. Số điện thoại: 6. Thư điện tử:", "7. Ngày sinh: 8. Giới tính:"]


TABLE = ruled((85.0, 120.0, 300.0, 420.0, 540.0), (200.0, 220.0, 255.0, 275.0))
CELLS = [
    line("STT", 90, 203, 25),
    line("Nội dung", 130, 203, 60),
    line("Mức thu", 310, 203, 60),
    line("Ghi chú", 430, 203, 60),
    line("1", 95, 223, 6),
    line("Cấp lại thẻ khi bị mất", 125, 223, 150),
    line("thẻ", 125, 240, 20),
    line("70.000", 310, 223, 40),
    line("2", 95, 258, 6),
    line("Cấp đổi", 125, 258, 50),
    line("50.000", 310, 258, 40),
    line("trực tuyến: 0", 430, 258, 90),
]


def test_a_ruled_table_has_its_rows_and_its_words_stand_nowhere_else():
    above = line("Mức thu được quy định như sau:", LEFT, 170)
    found = blocks([sheet(above, *CELLS, line("Điều 5. Miễn lệ phí", LEFT, 300, bold=True), rulings=TABLE)])
    assert [block.kind for block in found] == [BlockKind.PARAGRAPH, BlockKind.TABLE, BlockKind.HEADING]
    assert found[1].rows == (
        ("STT", "Nội dung", "Mức thu", "Ghi chú"),
        ("1", "Cấp lại thẻ khi bị mất thẻ", "70.000", ""),
        ("2", "Cấp đổi", "50.000", "trực tuyến: 0"),
    )
    assert found[1].header == 1
    assert found[1].text.split("\n")[2] == "2 | Cấp đổi | 50.000 | trực tuyến: 0"
    ordered = [one.text for one in reading_order(sheet(above, *CELLS, rulings=TABLE))]
    assert ordered[5:9] == ["1", "Cấp lại thẻ khi bị mất", "thẻ", "70.000"]


def test_a_table_over_two_pages_is_one_and_has_its_header_once():
    second = [line(one.text.replace("70.000", "30.000"), one.box.left * WIDE, one.box.top * HIGH) for one in CELLS[:10]]
    first, rest = sheet(*CELLS, rulings=TABLE), sheet(*second, number=2, rulings=TABLE)
    (found,) = blocks([first, rest])
    assert [row[2] for row in found.rows] == ["Mức thu", "70.000", "50.000", "30.000", ""]


def test_the_words_of_a_merged_cell_stand_in_each_row_and_a_title_between_rows_once():
    xs, ys = (85.0, 200.0, 400.0, 540.0), (200.0, 220.0, 240.0, 260.0, 280.0)
    upright = [Ruling(85, 200, 280), Ruling(540, 200, 280)] + [
        Ruling(x, top, bottom) for x in xs[1:3] for top, bottom in ((200, 220), (240, 280))
    ]
    flat = [Ruling(y, 85, 540) for y in ys if y != 260] + [Ruling(260, 200, 540)]
    words = [
        line("Loại", 90, 203, 30), line("Việc", 210, 203, 30), line("Mức thu", 410, 203, 50),
        line("I. Lệ phí", 90, 223, 60),
        line("Thẻ", 90, 250, 30), line("Cấp đổi", 210, 243, 50), line("50.000", 410, 243, 40),
        line("Cấp lại", 210, 263, 50), line("70.000", 410, 263, 40),
    ]  # fmt: skip
    (found,) = blocks([sheet(*words, rulings=Rulings(tuple(flat), tuple(upright)))])
    assert found.rows[1:] == (("I. Lệ phí", "", ""), ("Thẻ", "Cấp đổi", "50.000"), ("Thẻ", "Cấp lại", "70.000"))


def test_columns_without_rules_are_a_table():
    rows = [
        ("Dịch vụ", "Thời hạn", "Phí"),
        ("Cấp thẻ", "3 ngày", "0"),
        ("Cấp lại", "5 ngày", "20.000"),
        ("Gia hạn", "1 ngày", "0"),
    ]
    lines = [
        line(cell, x, 100 + 17 * n) for n, row in enumerate(rows) for cell, x in zip(row, (90, 260, 430), strict=True)
    ]
    (found,) = blocks([sheet(*lines)])
    assert found.rows == tuple(rows)


def test_lines_of_a_table_are_found_in_its_picture_beside_letters_and_below_a_fill():
    picture = np.full((600, 800), 255, np.uint8)
    picture[100:140, 100:700] = 180  # a filled header
    for y in (100, 140, 200):
        picture[y, 100:701] = 60
    for x in (100, 300, 700):
        picture[100:201, x] = 60
    picture[110:130, 303:306] = 0  # a letter close to a line
    picture[300:500, 50:52] = 0  # the stem of a large letter, or a bar in the margin
    rulings = find_rulings(picture, 100)
    (grid,) = grids(rulings)
    assert (grid.rows, grid.columns) == (2, 2)
    assert len(rulings.vertical) == 3


def test_a_syllable_torn_between_two_lines_is_whole_in_its_paragraph():
    first = "Người dân nộp hồ sơ đề nghị cấp, cấp đổi, cấp lại thẻ học tập cộng đồng trự"
    assert texts(sheet(*paragraph(100, first, "c tuyến tại nhà hoặc tại điểm học tập."))) == [
        "Người dân nộp hồ sơ đề nghị cấp, cấp đổi, cấp lại thẻ học tập cộng đồng trực tuyến tại nhà hoặc tại điểm học tập."
    ]
