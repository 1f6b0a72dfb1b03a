"""Which lines of guides state another value than a document, and which guides rest on a law that it ends."""

from datetime import date
from pathlib import Path

import pytest

from rag.documents.units import Relation, RelationKind, Unit, UnitKind
from rag.guides import Guide, Line, Passage, Section
from rag.overtaking import Overtaking, resting_on
from rag.sheets import Item, Sheet, Source

TODAY = date(2026, 11, 27)


def guide(guide_id, title, *texts, section=Section.FEE, **bounds):
    lines = tuple(Line(text, (), None, number=n, **bounds) for n, text in enumerate(texts, 20))
    passage = Passage(f"{guide_id}#le-phi", guide_id, title, "can-cuoc", section, "Lệ phí", lines, TODAY)
    return Guide(
        guide_id, title, "can-cuoc", (), (), (f"to-{guide_id}",), TODAY, "toàn quốc", False, (), (), (), (), (passage,), Path("x")
    )  # fmt: skip


def clause(text, heading="Mức thu lệ phí"):
    return Unit(UnitKind.CLAUSE, ("Điều 4", "khoản 1"), text, 2, 2, heading)


CARDS = guide(
    "the", "Lệ phí làm thẻ căn cước", "Cấp đổi thẻ căn cước mất 25.000 đồng.", "Cấp lại thẻ căn cước mất 35.000 đồng."
)
STAYING = guide(
    "tam-tru", "Đăng ký tạm trú", "Đăng ký tạm trú mất 15.000 đồng nếu nộp trực tiếp, 7.000 đồng nếu nộp trực tuyến."
)
WEDDING = guide(
    "ket-hon", "Đăng ký kết hôn", "Được đăng ký kết hôn: nam từ đủ 20 tuổi, nữ từ đủ 18 tuổi.", section=Section.WHO
)
ALL = (CARDS, STAYING, WEDDING)


def found(unit, guides=ALL, title="Quy định mức thu lệ phí cấp thẻ căn cước", day=TODAY):
    return [(row.line.text, row.words) for row in Overtaking(guides, day).lines([unit], title)]


def test_the_likeliest_line_comes_first_with_the_new_value_in_its_words():
    rows = found(clause("Cấp đổi thẻ căn cước: 60.000 đồng/thẻ."))
    assert rows[0] == ("Cấp đổi thẻ căn cước mất 25.000 đồng.", "Cấp đổi thẻ căn cước mất 60.000 đồng.")


@pytest.mark.parametrize(("text", "words"), [
    ("Đăng ký tạm trú: nộp hồ sơ trực tiếp 20.000 đồng/lần, trực tuyến 10.000 đồng/lần.",
     "Đăng ký tạm trú mất 20.000 đồng nếu nộp trực tiếp, 10.000 đồng nếu nộp trực tuyến."),
    ("Đăng ký tạm trú: nộp hồ sơ trực tiếp 15.000 đồng/lần, trực tuyến 10.000 đồng/lần.",
     "Đăng ký tạm trú mất 15.000 đồng nếu nộp trực tiếp, 10.000 đồng nếu nộp trực tuyến."),
    ("Đăng ký tạm trú khi nộp trực tuyến: 9.000 đồng/lần.",
     "Đăng ký tạm trú mất 9.000 đồng nếu nộp trực tiếp, 7.000 đồng nếu nộp trực tuyến."),
])  # fmt: skip
def test_values_are_paired_in_order_where_both_have_as_many_and_else_the_first_is_drafted(text, words):
    assert found(clause(text), title="Lệ phí đăng ký cư trú")[0][1] == words


def test_a_new_value_may_be_what_another_one_of_the_line_was():
    rows = found(clause("Nam từ đủ 21 tuổi, nữ từ đủ 20 tuổi được kết hôn.", "Điều kiện kết hôn"), title="Luật Hộ tịch")
    assert rows[0][1] == "Được đăng ký kết hôn: nam từ đủ 21 tuổi, nữ từ đủ 20 tuổi."


def test_a_number_inside_another_one_is_not_taken_for_the_value():
    fine = guide("tin-gia", "Đăng tin giả", "Theo Điều 101, đăng tin giả lên mạng xã hội bị phạt 10-20 triệu đồng.")
    rows = found(clause("Phạt tiền từ 30.000.000 đồng đến 40.000.000 đồng người đăng tin giả lên mạng xã hội."), [fine])
    assert rows[0][1] == "Theo Điều 101, đăng tin giả lên mạng xã hội bị phạt 30.000.000 đồng-40.000.000 đồng."


@pytest.mark.parametrize("text", [
    "Cấp đổi thẻ căn cước: 25.000 đồng/thẻ.",  # what the guide says
    "Cấp đổi thẻ căn cước trong 60 ngày.",  # a value of another kind
    "Giá nước sạch sinh hoạt ở đô thị: 60.000 đồng một tháng.",  # another subject
])  # fmt: skip
def test_nothing_is_flagged_that_the_document_does_not_change(text):
    assert found(clause(text, ""), [CARDS], title="Nghị quyết") == []


def test_a_line_that_has_ended_by_the_first_day_is_left_alone_and_one_that_begins_later_is_shown():
    unit = clause("Cấp đổi thẻ căn cước: 60.000 đồng/thẻ.")
    ended, begins = (
        guide("the", CARDS.title, "Cấp đổi thẻ căn cước mất 25.000 đồng.", **bounds)
        for bounds in ({"valid_until": date(2026, 12, 31)}, {"valid_from": date(2027, 1, 2)})
    )
    assert found(unit, [ended], day=date(2027, 1, 1)) == []
    assert found(unit, [ended], day=date(2026, 12, 31)) != []
    assert found(unit, [begins], day=date(2027, 1, 1)) != []


def test_what_is_told_as_changed_or_unclear_already_is_not_told_again():
    for section in (Section.CHANGED, Section.UNCLEAR):
        old = guide("the", CARDS.title, "Cấp đổi thẻ căn cước mất 25.000 đồng.", section=section)
        assert found(clause("Cấp đổi thẻ căn cước: 60.000 đồng/thẻ."), [old]) == []


def sheet_naming(text):
    item = Item("to-the:l1", "law", text, "high", ())
    return Sheet("to-the", "Thẻ căn cước", "can-cuoc", TODAY, {"l1": item})


def sheet_with_source(title):
    source = Source("Bộ Tài chính", title, None, None, True)
    item = Item("to-the:f1", "fee", "Cấp đổi thẻ mất 50.000 đồng.", "high", (source,))
    return Sheet("to-the", "Thẻ căn cước", "can-cuoc", TODAY, {"f1": item})


@pytest.mark.parametrize(("kind", "named", "guides"), [
    (RelationKind.REPLACES, "Thông tư 73/2024/TT-BTC về lệ phí", {"the": ["73/2024/TT-BTC"]}),
    (RelationKind.AMENDS, "Thông tư 73/2024/TT-BTC về lệ phí", {"the": ["73/2024/TT-BTC"]}),
    (RelationKind.GUIDES, "Thông tư 73/2024/TT-BTC về lệ phí", {}),
    (RelationKind.REPLACES, "Thông tư 173/2024/TT-BTC về lệ phí", {}),
])  # fmt: skip
def test_guides_whose_sheets_name_an_ended_law_are_flagged(kind, named, guides):
    assert resting_on([Relation(kind, "73/2024/TT-BTC")], [CARDS], {"to-the": sheet_with_source(named)}) == guides
    assert resting_on([Relation(kind, "73/2024/TT-BTC")], [CARDS], {"to-the": sheet_naming(named)}) == guides
