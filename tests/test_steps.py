import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from shown import shown
from test_guide_pages import client_of

from rag.guides import Section, load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from ui.steps import step_of, ways_of

DAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


def test_every_step_of_every_guide_is_there_once_and_numbered_through(guides):
    for guide in guides.values():
        steps = [step for way in ways_of(guide, DAY) for step in way.steps]
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))
        lines = [p.lines for p in guide.passages_on(DAY) if p.section is Section.STEPS]
        assert [step.line for step in steps] == [line for some in lines for line in some if line.step]


def test_plain_lines_stay_with_the_step_above_or_stand_before_the_first(guides):
    for guide in guides.values():
        for way in ways_of(guide, DAY):
            told = [*way.before, *(line for step in way.steps for line in (step.line, *step.notes))]
            assert tuple(told) == way.steps[0].passage.lines
            assert way.heading == way.steps[0].passage.part


def test_a_step_counts_only_while_it_is_true(guides):
    guide = guides["bao-hiem-luong-huu-nhan-qua-tai-khoan"]
    steps = [step for way in ways_of(guide, DAY) for step in way.steps]
    ends = {steps[1].line: DAY}
    passages = tuple(
        replace(p, lines=tuple(replace(line, valid_until=ends.get(line)) for line in p.lines)) for p in guide.passages
    )
    tomorrow = [
        step for way in ways_of(replace(guide, passages=passages), DAY + timedelta(days=1)) for step in way.steps
    ]
    assert [step.line.text for step in tomorrow] == [step.line.text for step in steps if step is not steps[1]]
    assert [step.number for step in tomorrow] == [1, 2, 3, 4]


def test_a_step_is_found_by_its_number_and_no_other(guides):
    guide = guides["vneid-mat-dien-thoai"]
    last = ways_of(guide, DAY)[-1].steps[-1]
    assert step_of(guide, last.number, DAY) == last
    assert step_of(guide, 0, DAY) is None
    assert step_of(guide, last.number + 1, DAY) is None


@pytest.mark.slow
def test_the_page_has_a_card_for_each_step_with_its_source_and_a_way_on(guides):
    client = client_of(guides)
    for guide in guides.values():
        ways = ways_of(guide, DAY)
        page = client.get(f"/huong-dan/{guide.id}/tung-buoc")
        assert page.status_code == (200 if ways else 404), guide.id
        ids = set(re.findall(r'id="([^"]+)"', page.text))
        for way in ways:
            for step in way.steps:
                card = page.text.partition(f'id="buoc-{step.number}"')[2].partition("</section>")[0]
                assert step.line.text in shown(card)
                assert 'class="sources"' in card
                assert f'value="{guide.id}.{step.number}"' in card
        assert set(re.findall(r'href="#([^"]+)"', page.text)) <= ids


@pytest.mark.slow
def test_a_guide_offers_its_steps_only_where_it_has_some(guides):
    client = client_of(guides)
    for guide in guides.values():
        offered = f"/huong-dan/{guide.id}/tung-buoc" in client.get(f"/huong-dan/{guide.id}").text
        assert offered == bool(ways_of(guide, DAY))
