"""The gate: which cases fail, which answers change, and what a version is. Asked of a real index of one guide."""

import pytest
from people import person
from small_home import BETTER, GUIDE, OLD, QUESTION, VAGUE, add_case, build_once, settings_in

from evals.cases import Case
from evals.publishing import (
    MAX_QUESTIONS,
    MAX_QUESTIONS_OF_A_MODEL,
    cases_of,
    compared,
    differences,
    failing,
    prompts_digest,
    use_holding,
    version,
)
from rag.answers import Answer, AnswerStatus
from rag.curated import CuratedCitation
from rag.editions import EditedFile, file_digest, make_edition
from rag.errors import CaseError
from rag.records.cases import StoredCase
from rag.serving import build_generation, open_assistant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    once = build_once(tmp_path_factory.mktemp("once"))
    return settings_in(once, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def old(home):
    return open_assistant(home)


def edited(home, new):
    text = (home.corpus / GUIDE).read_text(encoding="utf-8")
    assert OLD in text
    edit = EditedFile(text.replace(OLD, new), file_digest(home.corpus, GUIDE), "1")
    return open_assistant(home, build_generation(home, make_edition(home, {GUIDE: edit}).name, switch=False).name)


@pytest.fixture(scope="module")
def vague(home):
    return edited(home, VAGUE)


@pytest.fixture(scope="module")
def better(home):
    return edited(home, BETTER)


@pytest.fixture
def case(records, old):
    return add_case(records, old, person(records, name="lan"))


def test_a_case_passes_where_the_mistake_is_not_made_and_fails_where_it_is_made_again(case, old, vague, better):
    assert failing([case], old) == []
    assert failing([case], better) == []
    (row,) = failing([case], vague)
    assert (row.case_id, row.question) == (case.id, QUESTION)
    assert row.why == f"Thiếu ý bắt buộc: “{OLD.rstrip('.')}”."


def test_what_is_forbidden_and_a_wrong_status_are_said_in_words(case, old):
    forbidden = {"text": "tối đa ba ngày", "fact": "03 ngày làm việc"}
    case = Case.model_validate(case.model_dump() | {"must_not_say": [forbidden], "expected": ["declined"]})
    (row,) = failing([case], old)
    assert "Cần từ chối vì không có trong tài liệu, nhưng máy lại trả lời." in row.why
    assert "Nói điều không được nói: “tối đa ba ngày”." in row.why


def test_the_approved_answers_that_hold_in_a_candidate_are_served_in_it(records, case, old, vague):
    passage = next(p for p in vague.index.passages if VAGUE in p.text)
    user = person(records, name="lan")
    number = records.curated.approve(
        user, QUESTION, "Có kết quả sau vài ngày làm việc. [1]", [CuratedCitation(1, passage.id, passage.digest, VAGUE)]
    )
    use_holding(vague, records.curated.live())
    assert vague.ask(QUESTION).curated_id == number
    assert failing([case], vague)
    use_holding(old, records.curated.live())
    assert old.ask(QUESTION).curated_id is None
    use_holding(vague, ())


def test_only_answers_that_say_something_else_are_differences(old, better):
    found = differences([QUESTION, "Làm định danh mức 2 có mất tiền không?", "hello"], old, better)
    assert [row.question for row in found] == [QUESTION]
    assert "không quá 03 ngày" in found[0].old
    assert "tối đa 03 ngày làm việc, bạn yên tâm" in found[0].new
    assert "[1]" not in found[0].new
    assert differences([QUESTION], old, old) == []


def test_the_questions_to_compare_are_each_once_the_cases_first_and_bounded(case):
    frequent = ["LAM dinh danh muc 2 may ngay co ket qua", *(f"câu số {n}" for n in range(400))]
    found = compared([case], [], frequent, by_model=False)
    assert found[:2] == [QUESTION, "câu số 0"]
    assert len(found) == MAX_QUESTIONS
    assert len(compared([case], [], frequent, by_model=True)) == MAX_QUESTIONS_OF_A_MODEL


def test_a_version_changes_with_the_generation_and_names_the_rest(old, better):
    first, second = version(old), version(better)
    assert first.generation != second.generation
    assert (first.edition, first.model, first.prompts) == ("", "", prompts_digest())
    assert second.edition
    assert first.embedding == second.embedding


def test_a_stored_case_of_another_time_is_named_instead_of_being_left_out(records):
    with pytest.raises(CaseError, match=r"case sua-la: .*withdraw it"):
        cases_of([StoredCase("sua-la", {"id": "sua-la", "frage": "x"}, "Lan", None)])


def test_the_commonest_questions_are_counted_without_marks_and_case(records):
    from datetime import UTC, datetime, timedelta

    for n, question in enumerate(
        ["Lam the o dau", "làm thẻ ở đâu?", "làm thẻ ở đâu?", "phí bao nhiêu", "phí bao nhiêu"]
    ):
        records.answers.save(Answer(f"{n:032}", question, AnswerStatus.ANSWERED, "x"))
    since = datetime.now(UTC) - timedelta(days=90)
    assert records.answers.frequent(since, 10) == ["làm thẻ ở đâu?", "phí bao nhiêu"]
    assert records.answers.frequent(since, 1) == ["làm thẻ ở đâu?"]
    assert records.answers.frequent(datetime.now(UTC) + timedelta(days=1), 10) == []
