import unicodedata

import pytest

from evals.documents.scoring import (
    Counts,
    alike,
    cell_counts,
    error_rate,
    known_right,
    plain,
    structure_counts,
)
from evals.documents.texts import table_words


def test_one_wrong_mark_in_seven_letters_is_a_seventh():
    assert error_rate("thẻ hoc", ["thẻ học"]) == pytest.approx(1 / 7)


def test_the_nearest_of_the_right_orders_counts():
    assert error_rate("Hai Một", ["Một Hai", "Hai  Một"]) == 0


def test_white_space_markup_and_dots_to_write_on_do_not_count():
    assert plain("**Họ  tên:** ........\n| Nam |") == "Họ tên: Nam"


def test_letters_and_marks_apart_are_the_same_letters():
    assert error_rate(unicodedata.normalize("NFD", "điều"), ["điều"]) == 0


def test_nothing_read_is_wholly_wrong():
    assert error_rate("", ["Điều 1"]) == 1


def test_a_long_text_is_compared_in_bounded_time():
    assert error_rate("điều khoản " * 20_000, ["điều khoản " * 20_000 + "x"]) < 0.001


def test_words_with_another_amount_are_not_the_same():
    assert alike("Mức thu là 35.000 đông", "Mức thu là 35.000 đồng")
    assert not alike("Mức thu là 36.000 đồng", "Mức thu là 35.000 đồng")


def test_structure_counts_a_lost_a_wrong_and_an_invented_unit():
    expected = [(["Điều 1"], "Phạm vi"), (["Điều 1", "khoản 1"], "Áp dụng cho xã"), (["Điều 2"], "Hiệu lực")]
    actual = [(("Điều 1",), "Phạm vi"), (("Điều 1", "khoản 1"), "Khác hẳn đi rồi"), (("Điều 3",), "Hiệu lực")]
    counts = structure_counts(actual, expected)
    assert counts == Counts(1, 3, 3)
    assert counts.f1 == pytest.approx(1 / 3)


def test_a_unit_found_twice_is_right_once():
    assert structure_counts([(("Điều 1",), "A B"), (("Điều 1",), "A B")], [(["Điều 1"], "A B")]) == Counts(1, 2, 1)


TABLE = (("STT", "Tên", "Mức thu"), ("1", "Cấp mới", "35.000"), ("2", "Cấp đổi", "25.000"))


def test_every_cell_in_its_place_is_right():
    assert cell_counts([TABLE], [TABLE]) == Counts(9, 9, 9)


def test_a_lost_row_loses_its_cells_only():
    assert cell_counts([(TABLE[0], TABLE[2])], [TABLE]) == Counts(6, 6, 9)


def test_a_table_in_two_parts_is_the_table_and_a_repeated_header_is_too_much():
    assert cell_counts([TABLE[:2], (TABLE[0], TABLE[2])], [TABLE]) == Counts(9, 12, 9)


def test_a_cell_in_another_column_is_wrong():
    moved = (*TABLE[:2], ("2", "25.000", "Cấp đổi"))
    assert cell_counts([moved], [TABLE]) == Counts(7, 9, 9)


def test_a_merged_cell_may_be_repeated_or_left_empty():
    expected = (("Nhóm", "Mức", "<"), ("^", "Trong", "Ngoài"))
    repeated, empty = (
        (("Nhóm", "Mức", "Mức"), ("Nhóm", "Trong", "Ngoài")),
        (("Nhóm", "Mức", ""), ("", "Trong", "Ngoài")),
    )
    assert cell_counts([repeated], [expected]) == cell_counts([empty], [expected]) == Counts(4, 4, 4)
    assert table_words(repeated) == table_words(empty) == "Nhóm Mức\nTrong Ngoài"


def test_a_letterhead_set_as_a_table_is_no_table():
    assert cell_counts([(("CHÍNH PHỦ", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),)], []) == Counts()


def test_metadata_is_compared_field_by_field():
    expected = {
        "type": "Nghị định",
        "title": "Quy định về thẻ",
        "territory": "Lâm Đồng",
        "relations": [["thay thế", "902/2091/NĐ-CP"]],
    }
    actual = {"type": "NGHỊ ĐỊNH", "title": "Quy định về thẻ.", "territory": "tỉnh Lâm Đồng", "relations": []}
    assert known_right(actual, expected) == {"type": True, "title": True, "territory": True, "relations": False}
