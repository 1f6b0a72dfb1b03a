from datetime import date

import pytest

from evals.cases import Kind
from evals.correction_cases import case_of_correction
from rag.curated import CuratedCitation
from rag.errors import CaseError

DAY = date(2026, 11, 25)
GUIDE = "vneid-dang-ky-muc-2"


@pytest.fixture
def cited(assistant):
    guide = assistant.index.guides[GUIDE]
    passage = next(p for p in guide.passages if "03 ngày làm việc" in p.text)
    line = next(line.text for line in passage.lines if "03 ngày làm việc" in line.text)
    return CuratedCitation(1, passage.id, passage.digest, line)


def make(assistant, cited, correction, marked="", citations=None):
    citations = [cited] if citations is None else citations
    guides = assistant.index.guides
    return case_of_correction("sua-1", "mức 2 mấy ngày có", correction, citations, marked, "Lan", guides, DAY)


def test_a_correction_expects_its_facts_and_forbids_those_of_the_marked_sentence(assistant, cited):
    case = make(
        assistant, cited, "- Có sau 03 ngày làm việc. [1]\n- Bạn đợi tin nhắn nhé. [1]", "Có sau 15 ngày làm việc."
    )
    assert (case.kind, case.guides, case.passages) == (Kind.ANSWERABLE, (GUIDE,), (cited.passage_id,))
    assert case.must_say[0].in_text("Khoảng 3 ngày làm việc là có.")
    assert [n.importance for n in case.must_say] == ["vital", "okay"]
    assert case.must_not_say[0].in_text("Bạn đợi 15 ngày làm việc nhé.")
    assert not case.must_not_say[0].in_text("Bạn đợi 3 ngày làm việc nhé.")
    assert case.pins


def test_every_fact_of_a_correction_is_expected_not_just_the_first(assistant, cited):
    case = make(assistant, cited, f"{cited.quote} [1]")
    assert "mức 2" in cited.quote
    assert not all(n.in_text("Làm mức 2 khi thẻ còn hạn: vài ngày làm việc.") for n in case.must_say)
    assert all(n.in_text("Làm mức 2 khi thẻ còn hạn: 3 ngày làm việc.") for n in case.must_say)


def test_what_the_gold_says_itself_is_not_forbidden(assistant, cited):
    assert make(assistant, cited, "Có sau 03 ngày làm việc. [1]", cited.quote).must_not_say == ()


def test_a_correction_that_its_passage_does_not_say_makes_no_case(assistant, cited):
    with pytest.raises(CaseError, match="not in the case's passages"):
        make(assistant, cited, "Có sau 20 ngày làm việc. [1]")


def test_without_a_source_the_right_answer_is_to_decline(assistant, cited):
    case = make(assistant, cited, "", "Bạn nộp 15 nghìn đồng.", citations=[])
    assert (case.kind, case.expected, case.must_say) == (Kind.OUT_OF_SCOPE, ("declined",), ())
    assert case.must_not_say[0].in_text("Phí 15.000 đồng")
