from datetime import date

import pytest

from rag.guides import load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from ui.beginnings import beginning
from ui.steps import ways_of

DAY = date(2026, 11, 25)
ONE = "bao-hiem-luong-huu-nhan-qua-tai-khoan"


@pytest.fixture(scope="module")
def guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


def test_an_address_names_a_step_by_its_number_through_all_parts(guides):
    begun = beginning(f"{ONE}.4", guides, DAY)
    assert begun is not None
    assert begun.step == ways_of(guides[ONE], DAY)[1].steps[0]
    assert begun.turn.question == "Nhận lương hưu, trợ cấp qua tài khoản ngân hàng: Mở VNeID bằng tài khoản mức 2."
    assert (begun.turn.guide_id, begun.turn.answer_id) == (ONE, "")


@pytest.mark.parametrize(
    "at",
    ["", ".", ONE, f"{ONE}.", f"{ONE}.0", f"{ONE}.6", f"{ONE}.-1", f"{ONE}.04", f"{ONE}.４", f"{ONE}.4.4", "x.1", ".1"],
)
def test_an_address_that_names_no_step_of_today_begins_at_nothing(guides, at):
    assert beginning(at, guides, DAY) is None


def test_every_step_of_every_guide_can_be_begun_at(guides):
    steps = [(guide, step) for guide in guides.values() for way in ways_of(guide, DAY) for step in way.steps]
    assert len(steps) > 400
    for guide, step in steps:
        begun = beginning(f"{guide.id}.{step.number}", guides, DAY)
        assert begun is not None
        assert (begun.guide, begun.step) == (guide, step)
