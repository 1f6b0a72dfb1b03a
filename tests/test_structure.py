import re
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.marks import label_of, mark_of
from rag.documents.pages import Block, BlockKind
from rag.documents.structure import units_of
from rag.documents.units import Unit, UnitKind
from rag.text import clean


def blocks(text: str, *, page: int = 1) -> list[Block]:
    return [Block(BlockKind.PARAGRAPH, line, page) for line in text.strip().split("\n")]


def read(text: str) -> dict[str, Unit]:
    return {" > ".join(unit.path): unit for unit in units_of(blocks(text))}


def table(*rows: tuple[str, ...], header: int = 1) -> Block:
    return Block(BlockKind.TABLE, "\n".join(" | ".join(row) for row in rows), rows=rows, header=header)


DECREE = """
CHÍNH PHỦ
Số: 12/2026/NĐ-CP
NGHỊ ĐỊNH
Quy định về thẻ
Căn cứ Luật Thẻ ngày 01 tháng 02 năm 2020;
Chương I
NHỮNG QUY ĐỊNH
CHUNG
Điều 1. Phạm vi điều chỉnh
Nghị định này quy định về thẻ.
ĐIỀU 2: Đối tượng
1. Người dân:
a) Có thẻ;
b) Chưa có thẻ;
d) Mất thẻ;
d) Đổi thẻ;
e) Khác.
Những người này được miễn.
2. Cơ quan.
Chương II
CẤP THẺ
Mục 1. CẤP MỚI
Điều 3 . Hồ sơ
Hồ sơ gồm:
a) Tờ khai;
b) Ảnh.
Điều 3a. Lệ phí
1. Mức thu là
30.000 đồng một thẻ.
1.1. Mức của trẻ em là một nửa.
2. Thu từ ngày
01.7.2026 theo quy định.
Điều 4. Chánh Văn phòng và các cơ quan chịu trách nhiệm thi hành Nghị định này./.
Nơi nhận:
- Như Điều 4;
TM. CHÍNH PHỦ
THỦ TƯỚNG
"""


def test_a_law_is_taken_apart_by_its_numbers():
    units = read(DECREE)
    assert list(units) == [
        "mở đầu", "Chương I", "Điều 1", "Điều 2", "Điều 2 > khoản 1", "Điều 2 > khoản 1 > điểm a", "Điều 2 > khoản 1 > điểm b",
        "Điều 2 > khoản 1 > điểm d", "Điều 2 > khoản 1 > điểm đ", "Điều 2 > khoản 1 > điểm e", "Điều 2 > khoản 2", "Chương II",
        "Chương II > Mục 1", "Điều 3", "Điều 3 > điểm a", "Điều 3 > điểm b", "Điều 3a", "Điều 3a > khoản 1",
        "Điều 3a > khoản 1 > điểm 1.1", "Điều 3a > khoản 2", "Điều 4", "kết thúc",
    ]  # fmt: skip
    assert units["Điều 1"].heading == "Phạm vi điều chỉnh"
    assert units["Điều 1"].text == "Nghị định này quy định về thẻ."
    assert units["Chương I"].heading == "NHỮNG QUY ĐỊNH CHUNG"
    assert units["Điều 3"].under == ("Chương II. CẤP THẺ", "Mục 1. CẤP MỚI")
    assert units["Điều 3"].text == "Hồ sơ gồm:"
    assert units["Điều 3a > khoản 1"].text == "Mức thu là\n30.000 đồng một thẻ."
    assert units["Điều 3a > khoản 2"].text == "Thu từ ngày\n01.7.2026 theo quy định."
    assert units["Điều 4"].text.startswith("Chánh Văn phòng")
    assert units["mở đầu"].kind is units["kết thúc"].kind is UnitKind.PARAGRAPH


def test_a_closing_sentence_belongs_to_the_clause_but_a_second_paragraph_of_a_point_to_the_point():
    units = read(DECREE)
    assert units["Điều 2 > khoản 1"].text == "Người dân:\nNhững người này được miễn."
    more = read("Điều 1. Thẻ\n1. Gồm:\na) Một.\nCũng là một;\nb) Hai:\n- Nhỏ.\nLớn.\n2. Hết.")
    assert more["Điều 1 > khoản 1 > điểm a"].text == "Một.\nCũng là một;"
    assert more["Điều 1 > khoản 1 > điểm b"].text == "Hai:\n- Nhỏ.\nLớn."
    alike = read("Điều 1. Thẻ\n1. Gồm:\na) Một.\nNếu không.\nb) Hai.\nNếu không.")
    assert alike["Điều 1 > khoản 1 > điểm b"].text == "Hai.\nNếu không."


def test_the_d_with_a_stroke_has_an_id_of_its_own():
    units = read(DECREE)
    assert units["Điều 2 > khoản 1 > điểm d"].id == "dieu-2/khoan-1/diem-d"
    assert units["Điều 2 > khoản 1 > điểm đ"].id == "dieu-2/khoan-1/diem-dd"
    assert units["Điều 3a"].id == "dieu-3a"


def points(*marks: str) -> list[str]:
    """Return the points that a clause with these marks has, and the clauses that stand beside them."""
    units = read("Điều 1. Thẻ\n1. Gồm:\n" + "\n".join(f"{mark} Giấy tờ;" for mark in marks))
    return [path.rpartition(" ")[2] for path in units if path.count(">") > 1]


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("a) b) c) d) d) e)", "abcdđe"),
        ("a) b) c) d) ở) e)", "abcdđe"),
        ("c) d) 6)", "cdđ"),
        ("d) đ) c) g)", "dđeg"),
        ("b) c) đ) đ) e)", "bcdđe"),
        ("e) 9) h)", "egh"),
        ("g) h) l) k) 1) m)", "ghiklm"),
        ("i) k) 1)", "ikl"),
        ("i) k) l) m) n) 0) p)", "iklmnop"),
    ],
)
def test_a_misread_point_is_the_one_that_its_list_proves(read, meant):
    assert points(*read.split()) == list(meant)


@pytest.mark.parametrize(
    ("read", "kept"),
    [
        ("a) b) d) e)", "abde"),
        ("g) h) l) m)", "ghlm"),
        ("i) k) 1) 2)", "ik12"),
        ("a) b) y) z)", "ab"),
        ("c) d) 7)", "cd"),
    ],
)
def test_a_point_that_nothing_proves_misread_stays_as_it_was_read(read, kept):
    assert points(*read.split()) == list(kept)


def test_a_word_in_brackets_that_a_broken_line_put_first_is_no_misread_point():
    units = read("Điều 1. Thẻ\n1. Gồm:\na) Ảnh;\nd) Giấy tờ (nơi\nở) khác;\ne) Đơn.")
    assert units["Điều 1 > khoản 1 > điểm d"].text == "Giấy tờ (nơi ở) khác;"


def test_a_second_chapter_of_a_number_that_lost_a_stroke_is_the_next_one():
    law = "Chương I\nCHUNG\nĐiều 1. A\nMột.\nChương II\nCẤP THẺ\nĐiều 2. B\nHai.\nChương II\n{}\nĐiều 3. C\nBa."
    units = read(law.format("THI HÀNH"))
    assert [path for path in units if "Chương" in path] == ["Chương I", "Chương II", "Chương III"]
    assert units["Điều 3"].under == ("Chương III. THI HÀNH",)
    assert "Chương III" not in read(law.format("CẤP THẺ"))  # its heading again, on another page
    assert "Chương III" not in read(law.format("QUY CHẾ").replace("Điều 3. C", "Điều 1. C"))  # another law


@pytest.mark.parametrize("mark", ["Điều 5.", "Điều 5 .", "ĐIỀU 5:", "Điều 5 -", "Điều 5"])
def test_articles_are_known_however_their_number_is_stopped(mark):
    assert read(f"Điều 4. Một\nA.\n{mark} Thẻ căn cước\nB.")["Điều 5"].heading == "Thẻ căn cước"


@pytest.mark.parametrize(
    "line",
    ["Điều 5 của Luật này được áp dụng.", "Điều 5, Điều 6 và Điều 7.", "Điều 5 Luật Cư trú", "f) thẻ", "2024. Năm", "1.000 đồng", "1. 000 đồng",
     "1/2 ngày", "01.7.2026 là ngày", "Chương II của Luật này", "Mục 1 Chương XI của Bộ luật", "Phần mềm", "Mẫu CT01 được dùng khi", "I", "Mục đích"],
)  # fmt: skip
def test_what_only_looks_like_a_number_begins_nothing(line):
    assert mark_of(line) is None


def test_a_title_may_end_in_a_full_stop_before_clauses_only():
    units = read("Điều 1. Phạm vi điều chỉnh.\n1. Một.\nĐiều 2. Giao Bộ Công an thực hiện.")
    assert (units["Điều 1"].heading, units["Điều 1"].text) == ("Phạm vi điều chỉnh", "")
    assert (units["Điều 2"].heading, units["Điều 2"].text) == ("", "Giao Bộ Công an thực hiện.")


def test_a_reference_that_a_broken_line_put_first_begins_nothing():
    units = read(
        "Điều 1. Thẻ\n1. Thực hiện theo quy định tại\nĐiều 5. Người dân làm theo.\n2. Xem khoản\n3. Hết.\n3. Ba."
    )
    assert list(units) == ["Điều 1", "Điều 1 > khoản 1", "Điều 1 > khoản 2", "Điều 1 > khoản 3"]
    assert units["Điều 1 > khoản 2"].text == "Xem khoản\n3. Hết."


def test_lost_lines_leave_gaps_and_lose_nothing_else():
    units = read("Điều 1. Thẻ\n1. Một.\n4. Bốn:\nb) Hai;\nd) Bốn.\nĐiều 7. Phí\n2. Hai.")
    assert list(units) == [
        "Điều 1", "Điều 1 > khoản 1", "Điều 1 > khoản 4", "Điều 1 > khoản 4 > điểm b", "Điều 1 > khoản 4 > điểm d", "Điều 7", "Điều 7 > khoản 2",
    ]  # fmt: skip


def test_number_and_text_may_stand_in_blocks_of_their_own_or_all_in_one():
    whole = "Điều 1. Thẻ căn cước\n1. Thẻ cấp cho:\na) Trẻ em;\nb) Người lớn.\n2. Thẻ có hạn."
    apart = "Điều 1.\nThẻ căn cước\n1.\nThẻ cấp cho:\na)\nTrẻ em;\nb)\nNgười lớn.\n2.\nThẻ có hạn."
    assert units_of(blocks(whole)) == units_of(blocks(apart)) == units_of([Block(BlockKind.PARAGRAPH, whole)])


def test_a_unit_reaches_over_pages():
    units = units_of([*blocks("Điều 1. Thẻ\n1. Thẻ được cấp cho", page=3), *blocks("công dân.\n2. Hết.", page=4)])
    assert [(u.path[-1], u.page, u.last_page) for u in units] == [
        ("Điều 1", 3, 3),
        ("khoản 1", 3, 4),
        ("khoản 2", 4, 4),
    ]
    assert units[1].text == "Thẻ được cấp cho công dân."


AMENDING = """
Điều 1. Sửa đổi, bổ sung một số điều của Nghị định số 62/2021/NĐ-CP
1. Sửa đổi khoản 2 Điều 10 như sau:
“Điều 10. Lệ phí
2. Mức thu là:
a) 10.000 đồng;
b) 20.000 đồng.”.
2. Sửa đổi, bổ sung một số khoản của Điều 4 như sau:
a) Sửa đổi khoản 3 như sau:
“3. Thẻ “điện tử” là thẻ.”;
b) Bổ sung khoản 3a vào sau khoản 3 như sau:
"3a. Thẻ giấy.
Thẻ nhựa.";
3. Đoạn đầu Điều 6 được sửa đổi như sau:
“Người dân được cấp thẻ.”
4. Thay thế cụm từ “sổ hộ khẩu” bằng cụm từ “dữ liệu” tại Điều 9.
Điều 2. Hiệu lực thi hành
Nghị định này có hiệu lực từ ngày ký.
"""


def test_quoted_articles_stay_below_the_clause_that_amends():
    units = read(AMENDING)
    below = {path.removeprefix("Điều 1 > "): (u.text, u.amends) for path, u in units.items() if u.amends}
    assert below == {
        "khoản 1 > Điều 10": ("", "Điều 10, khoản 2 của 62/2021/NĐ-CP"),
        "khoản 1 > Điều 10 > khoản 2": ("Mức thu là:", "Điều 10, khoản 2 của 62/2021/NĐ-CP"),
        "khoản 1 > Điều 10 > khoản 2 > điểm a": ("10.000 đồng;", "Điều 10, khoản 2, điểm a của 62/2021/NĐ-CP"),
        "khoản 1 > Điều 10 > khoản 2 > điểm b": ("20.000 đồng.", "Điều 10, khoản 2, điểm b của 62/2021/NĐ-CP"),
        "khoản 2 > điểm a > khoản 3": ("Thẻ “điện tử” là thẻ.", "Điều 4, khoản 3 của 62/2021/NĐ-CP"),
        "khoản 2 > điểm b > khoản 3a": ("Thẻ giấy.\nThẻ nhựa.", "Điều 4, khoản 3a của 62/2021/NĐ-CP"),
        "khoản 3 > đoạn 1": ("Người dân được cấp thẻ.", "Điều 6 của 62/2021/NĐ-CP"),
    }
    assert units["Điều 1 > khoản 1 > Điều 10"].heading == "Lệ phí"
    assert [path for path in units if ">" not in path] == ["Điều 1", "Điều 2"]


def test_a_clause_behind_quoted_clauses_goes_on_the_amending_laws_own_list():
    units = read(
        "Điều 1. Sửa đổi, bổ sung một số điều của Luật số 5/2020/QH14\n1. Sửa đổi khoản 1 Điều 5 như sau:\n“1. Thẻ mới.”\n"
        "2. Sửa đổi Điều 6 như sau:\na) Sửa đổi điểm a khoản 2 như sau:\n“a) Ảnh;”;\nb) Sửa đổi khoản 12 và khoản 3 như sau:\n“12. Phí.”\n"
        "“3. Hạn.”\n3. Bổ sung Điều 7a như sau:\n“Điều 7a. Đổi\n1. Một.”"
    )
    own = [path for path, unit in units.items() if not unit.amends]
    assert own == [
        "Điều 1",
        "Điều 1 > khoản 1",
        "Điều 1 > khoản 2",
        "Điều 1 > khoản 2 > điểm a",
        "Điều 1 > khoản 2 > điểm b",
        "Điều 1 > khoản 3",
    ]
    assert [unit.amends.partition(" của ")[0] for unit in units.values() if unit.amends][:4] == [
        "Điều 5, khoản 1", "Điều 6, khoản 2, điểm a", "Điều 6, khoản 12", "Điều 6, khoản 3",
    ]  # fmt: skip


def test_what_is_quoted_in_the_amending_clauses_own_line_stands_below_it():
    units = read(
        "Điều 1. Sửa đổi Luật số 5/2020/QH14\n1. Sửa đổi Điều 5 như sau: “1. Thẻ có hạn.\n2. Thẻ đổi được.”\n2. Sửa đổi tên Điều 6 như sau: “Thẻ”."
    )
    assert {path.removeprefix("Điều 1 > "): unit.text for path, unit in units.items() if unit.amends or unit.kind is UnitKind.CLAUSE} == {
        "khoản 1": "Sửa đổi Điều 5 như sau:", "khoản 1 > khoản 1": "Thẻ có hạn.", "khoản 1 > khoản 2": "Thẻ đổi được.",
        "khoản 2": "Sửa đổi tên Điều 6 như sau:", "khoản 2 > đoạn 1": "Thẻ.",
    }  # fmt: skip
    plain = read("Điều 1. Thẻ\n1. Thẻ ghi như sau: “Cộng đồng”.\n2. Hết.")
    assert plain["Điều 1 > khoản 1"].text == "Thẻ ghi như sau: “Cộng đồng”."


def test_an_amending_document_goes_on_though_quotation_marks_are_lost():
    units = read(AMENDING.replace("”.", ".").replace("“Điều", "Điều").replace("“3. ", "“3. “"))
    assert [path for path in units if ">" not in path] == ["Điều 1", "Điều 2"]
    assert [path for path in units if path.count(">") == 1] == [f"Điều 1 > khoản {n}" for n in (1, 2, 3, 4)]
    assert units["Điều 1 > khoản 1 > Điều 10"].amends


def test_a_quotation_mark_at_the_start_of_a_line_amends_nothing_in_other_documents():
    units = read("Điều 1. Từ ngữ\n“Thẻ” là thẻ căn cước.\n1. “Ảnh” là ảnh:\n“Mới chụp”.")
    assert not any(unit.amends for unit in units.values())
    assert units["Điều 1"].text == "“Thẻ” là thẻ căn cước."


def test_what_a_decision_brings_with_it_counts_for_itself():
    units = read(
        "Điều 1. Ban hành Quy chế.\nĐiều 2. Quyết định có hiệu lực từ ngày ký.\nKT. CHỦ TỊCH\nPHÓ CHỦ TỊCH\nQUY CHẾ\nPHỐI HỢP CẤP THẺ\n"
        "(Kèm theo Quyết định)\nChương I\nCHUNG\nĐiều 1. Phạm vi\nMột."
    )
    assert list(units) == ["Điều 1", "Điều 2", "kết thúc", "Quy chế", "Quy chế > Chương I", "Quy chế > Điều 1"]
    assert units["Quy chế"].heading == "QUY CHẾ PHỐI HỢP CẤP THẺ"
    assert units["Quy chế > Điều 1"].under == ("Chương I. CHUNG",)


def test_a_form_is_one_unit_and_an_appendix_is_taken_apart():
    units = read(
        "Điều 1. Mẫu\n1. Các mẫu sau:\nMẫu CT01: Tờ khai;\nMẫu CT02: Giấy hẹn.\nNơi nhận:\n- Lưu.\nPHỤ LỤC I\nBIỂU MỨC THU\n(Kèm theo Nghị định)\n"
        "1. Cấp mới.\n2. Cấp đổi.\nMẫu CT01\nCỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nTỜ KHAI CƯ TRÚ\n1. Họ và tên:\na) Tên khác:\nĐiều 1. Tôi cam đoan.\n"
        "Mẫu số 02/CT\nPHIẾU BÁO"
    )
    assert list(units) == [
        "Điều 1", "Điều 1 > khoản 1", "kết thúc", "Phụ lục I", "Phụ lục I > khoản 1", "Phụ lục I > khoản 2", "Phụ lục I > Mẫu CT01",
        "Phụ lục I > Mẫu số 02/CT",
    ]  # fmt: skip
    assert units["Phụ lục I > Mẫu CT01"].heading == "TỜ KHAI CƯ TRÚ"
    assert "a) Tên khác:\nĐiều 1. Tôi cam đoan." in units["Phụ lục I > Mẫu CT01"].text
    assert units["Phụ lục I"].heading == "BIỂU MỨC THU"


def test_rows_of_a_table_continue_the_path_and_carry_their_headers():
    rows = table(
        ("STT", "Nội dung", "Mức thu"),
        ("1", "Cấp đổi thẻ căn cước", "50.000 đồng/thẻ"),
        ("3", "Cấp lại", "70.000 đồng/thẻ"),
    )
    units = units_of([*blocks("Điều 4. Mức thu\n1. Mức thu như sau:"), rows, *blocks("2. Nộp ngay.")])
    assert [unit.path for unit in units] == [
        ("Điều 4",), ("Điều 4", "khoản 1"), ("Điều 4", "khoản 1", "dòng 1"), ("Điều 4", "khoản 1", "dòng 3"), ("Điều 4", "khoản 2"),
    ]  # fmt: skip
    assert units[2].text == "Nội dung: Cấp đổi thẻ căn cước; Mức thu: 50.000 đồng/thẻ"
    assert units[2].kind is UnitKind.ROW


def test_rows_stand_below_the_row_that_heads_them():
    rows = table(
        ("STT", "Nội dung", "Mức thu"), ("I", "Lệ phí", ""), ("1", "Cấp mới", "0 đồng"), ("2", "Cấp đổi", "5 đồng"), ("II", "Phí", ""), ("1", "Tra cứu", "9 đồng"),
    )  # fmt: skip
    units = units_of([rows, table(("Tên", "Số lượng"), ("Đơn", "01"))])
    assert [(" > ".join(u.path), u.under) for u in units] == [
        ("dòng I", ()), ("dòng I > dòng 1", ("I. Lệ phí",)), ("dòng I > dòng 2", ("I. Lệ phí",)), ("dòng II", ()), ("dòng II > dòng 1", ("II. Phí",)),
        ("bảng 2 > dòng 1", ()),
    ]  # fmt: skip


def test_a_header_that_the_file_does_not_tell_is_known_by_its_words():
    units = units_of(
        [
            table(("TT", "Loại giấy tờ", "Số lượng"), ("1", "Đơn", "01"), header=0),
            table(("a", "b"), ("c", "d"), header=0),
        ]
    )
    assert [unit.text for unit in units] == ["Loại giấy tờ: Đơn; Số lượng: 01", "a; b", "c; d"]


def test_a_table_that_lays_out_letterhead_or_signatures_makes_no_rows():
    head = table(("CHÍNH PHỦ\nSố: 1/2026/NĐ-CP", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), header=0)
    signed = table(("Nơi nhận:\n- Lưu.", "TM. CHÍNH PHỦ\nTHỦ TƯỚNG"), header=0)
    assert [u.path for u in units_of([head, *blocks("Điều 1. Thẻ\nMột."), signed])] == [
        ("mở đầu",),
        ("Điều 1",),
        ("kết thúc",),
    ]


PROCEDURE = """
12.1. Trình tự thực hiện:
- Bước 1: Nộp hồ sơ:
1. Trực tiếp;
2. Qua mạng.
- Bước 2: Kiểm tra.
+ Đủ thì nhận.
12.2. Cách thức thực hiện: Trực tiếp.
Thành phần hồ sơ:
a) Tờ khai;
b) Ảnh.
Thời hạn giải quyết
03 ngày làm việc.
Phí, lệ phí (nếu có): 50.000 đồng
"""


def test_a_procedure_is_known_by_its_headings_and_steps():
    units = read(PROCEDURE)
    assert list(units) == [
        "Trình tự thực hiện", "Trình tự thực hiện > bước 1", "Trình tự thực hiện > bước 1 > khoản 1", "Trình tự thực hiện > bước 1 > khoản 2",
        "Trình tự thực hiện > bước 2", "Cách thức thực hiện", "Thành phần hồ sơ", "Thành phần hồ sơ > điểm a", "Thành phần hồ sơ > điểm b",
        "Thời hạn giải quyết", "Phí, lệ phí (nếu có)",
    ]  # fmt: skip
    assert units["Trình tự thực hiện > bước 2"].text == "Kiểm tra.\n+ Đủ thì nhận."
    assert units["Phí, lệ phí (nếu có)"].text == "50.000 đồng"
    assert units["Thời hạn giải quyết"].id == "thoi-han-giai-quyet"


def test_steps_in_one_line_or_with_a_broken_number_are_parted():
    units = read("Trình tự thực hiện\nBước 1: Nộp đơn. Bước 2: Chờ theo Bước 1: nộp. Bước 3: Nhận.")
    assert [u.text for u in units.values()] == ["", "Nộp đơn.", "Chờ theo Bước 1: nộp.", "Nhận."]
    broken = units_of([Block(BlockKind.PARAGRAPH, "Bước\n4\n: Nhận kết quả.")])
    assert [(u.path, u.text) for u in broken] == [(("bước 4",), "Nhận kết quả.")]


def test_a_procedure_laid_out_as_a_table_reads_like_its_headings():
    units = units_of([table(("Trình tự thực hiện", "Bước 1: Nộp.\nBước 2: Nhận."), ("Lệ phí", "Không"), header=0)])
    assert [(" > ".join(u.path), u.text) for u in units] == [
        ("Trình tự thực hiện", ""), ("Trình tự thực hiện > bước 1", "Nộp."), ("Trình tự thực hiện > bước 2", "Nhận."), ("Lệ phí", "Không"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["Lệ phí cấp thẻ là 50.000 đồng.", "Phí này do người dân nộp", "Thành phần hồ sơ gồm:", "Trình tự"]
)
def test_a_sentence_about_fees_is_no_heading(line):
    assert label_of(line) is None


def test_procedures_of_a_list_keep_their_parts_apart():
    units = read(
        "1. Thủ tục: Cấp thẻ\na) Trình tự thực hiện:\nNộp.\nb) Lệ phí: Không\n2. Thủ tục: Đổi thẻ\nTrình tự thực hiện:\nNộp lại."
    )
    assert list(units) == [
        "khoản 1",
        "khoản 1 > Trình tự thực hiện",
        "khoản 1 > Lệ phí",
        "khoản 2",
        "khoản 2 > Trình tự thực hiện",
    ]


def test_an_official_letter_is_taken_apart_by_its_own_numbering():
    units = read(
        "BỘ NỘI VỤ\nSố: 1/BNV-CC\nHà Nội, ngày 3 tháng 7 năm 2026\nKính gửi: Các tỉnh\nBộ hướng dẫn như sau:\nI. ĐỐI TƯỢNG\n1. Cán bộ:\na) Xã;\n"
        "- Phường.\nb) Tỉnh.\n2. Dân.\nII. THỜI GIAN\n1. Năm nay.\nNơi nhận:\n- Lưu."
    )
    assert list(units) == [
        "mở đầu", "đoạn 1", "Mục I", "Mục I > khoản 1", "Mục I > khoản 1 > điểm a", "Mục I > khoản 1 > điểm b", "Mục I > khoản 2", "Mục II",
        "Mục II > khoản 1", "kết thúc",
    ]  # fmt: skip
    assert units["Mục I > khoản 1 > điểm a"].text == "Xã;\n- Phường."


def test_a_page_without_numbers_becomes_headings_and_paragraphs():
    page = [
        Block(BlockKind.HEADING, "Tài khoản định danh", level=1), Block(BlockKind.PARAGRAPH, "Ai cũng làm được."),
        Block(BlockKind.PARAGRAPH, "Mang theo:"), Block(BlockKind.PARAGRAPH, "- Thẻ."), Block(BlockKind.HEADING, "1. Mức 1", level=2),
        Block(BlockKind.PARAGRAPH, "Làm tại nhà."), Block(BlockKind.HEADING, "2. Mức 2", level=2), Block(BlockKind.PARAGRAPH, "Đến công an xã."),
    ]  # fmt: skip
    assert [(" > ".join(u.path), u.text) for u in units_of(page)] == [
        ("Tài khoản định danh", ""), ("Tài khoản định danh > đoạn 1", "Ai cũng làm được."), ("Tài khoản định danh > đoạn 2", "Mang theo:\n- Thẻ."),
        ("Tài khoản định danh > 1. Mức 1", ""), ("Tài khoản định danh > 1. Mức 1 > đoạn 1", "Làm tại nhà."),
        ("Tài khoản định danh > 2. Mức 2", ""), ("Tài khoản định danh > 2. Mức 2 > đoạn 1", "Đến công an xã."),
    ]  # fmt: skip


def test_a_table_of_contents_is_no_second_law():
    units = read("MỤC LỤC\nĐiều 1. Thẻ ........ 2\nĐiều 2. Phí ........ 3\nĐiều 1. Thẻ\nMột.\nĐiều 2. Phí\nHai.")
    assert list(units) == ["mở đầu", "Điều 1", "Điều 2"]


WORDS = st.lists(
    st.sampled_from("thẻ căn cước, phí. Nộp; đơn: “mới” ”. sửa đổi như sau: Điều 5 khoản".split()),
    min_size=1,
    max_size=6,
).map(" ".join)
STARTS = st.sampled_from(
    ["", "Điều 1. ", "Điều 2. ", "Điều 9. ", "“Điều 7. ", "1. ", "2. ", "“2. ", "3a. ", "a) ", "b) ", "đ) ", "f) ", "1.1. ", "I. ", "Chương I ", "Mục 1. ",
     "Bước 1: ", "- ", "Phụ lục I ", "Mẫu CT01 ", "Nơi nhận: ", "QUY CHẾ ", "Lệ phí: ", "1) ", "A. "]
)  # fmt: skip
LINES = st.tuples(STARTS, WORDS).map("".join)
KINDS = st.sampled_from([BlockKind.PARAGRAPH, BlockKind.PARAGRAPH, BlockKind.HEADING])


def words(text: str) -> Counter[str]:
    """Count the words, without those that go into paths with their numbers."""
    found = Counter(re.findall(r"[^\W\d]{2,}", clean(text).lower()))
    for word in ("điều", "chương", "mục", "phụ", "lục", "mẫu", "ct", "bước"):
        del found[word]
    return found


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(KINDS, st.lists(LINES, min_size=1, max_size=3)), max_size=14))
def test_no_word_is_lost_or_doubled_and_ids_differ(drawn):
    document = [Block(kind, "\n".join(lines), page, 1) for page, (kind, lines) in enumerate(drawn, 1)]
    units = units_of(document)
    ids = [unit.id for unit in units]
    assert len(set(ids)) == len(ids)
    said = "\n".join(f"{unit.heading}\n{unit.text}" for unit in units)
    assert words(said) == words("\n".join(block.text for block in document))
    assert all(1 <= unit.page <= unit.last_page <= len(document) for unit in units)


@pytest.mark.parametrize(
    "line",
    ["Điều 1. " * 12_000, "1." * 50_000, "a) " * 33_000, "“" * 100_000, " " * 100_000 + "x", "Bước 1: x. " * 9_000, "Mẫu " + "A1/" * 33_000, "IVX" * 33_000,
     "Điều " + "1" * 100_000, "sửa đổi " * 12_000 + "như sau:", "điểm a, " * 12_000, "Phụ lục " * 12_000, "1.1." * 25_000 + " A", "PHẦN " * 20_000],
)  # fmt: skip
def test_a_hostile_line_costs_no_more_than_its_length(line):
    began = time.thread_time()
    units_of(
        [
            *blocks("Điều 1. Sửa đổi Điều 5 như sau:"),
            Block(BlockKind.PARAGRAPH, line),
            Block(BlockKind.PARAGRAPH, f"“{line}"),
        ]
    )
    assert time.thread_time() - began < 1


def test_lists_in_lists_end_somewhere():
    began = time.thread_time()
    units = units_of(blocks("\n".join(["1. Gồm:"] * 3000)))
    assert max(len(unit.path) for unit in units) < 20
    assert time.thread_time() - began < 5
