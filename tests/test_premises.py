"""Questions that take an old rule for granted are put right first."""

import json
from datetime import date

import pytest

from rag.answers import AnswerStatus
from rag.asked import load_believed
from rag.errors import CorpusError
from rag.guides import Section, load_guides
from rag.premises import Premises
from rag.sheets import load_sheets

DAY = date(2026, 11, 25)
GUIDE = "vneid-dang-ky-muc-2"


@pytest.fixture
def guides(small_corpus):
    return load_guides(small_corpus, load_sheets(small_corpus / "facts"))


def write(corpus, *rows):
    text = "".join(json.dumps({"guide": GUIDE, "assumes": True, **row}, ensure_ascii=False) + "\n" for row in rows)
    (corpus / "premises.jsonl").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "question",
    [
        "Sổ hộ khẩu giấy nhà tôi rách rồi, nộp bản photo làm khai sinh cho cháu được không?",
        "Lên công an huyện làm căn cước được không?",
    ],
)
def test_an_answer_opens_with_the_correction_and_its_source(assistant, question):
    answer = assistant.ask(question)
    assert answer.text.startswith("Trước đây")
    assert Section.CHANGED in next(c for c in answer.citations if c.number == 1).passage_id


def test_the_correction_comes_before_what_the_guide_does_not_state(assistant):
    answer = assistant.ask("Lên công an huyện làm căn cước mất bao nhiêu tiền?")
    assert answer.status is AnswerStatus.PARTIAL
    opening, _, rest = answer.text.partition("\n\n")
    assert opening.startswith("Trước đây")
    assert rest.startswith("Tài liệu mình có chưa ghi lệ phí")


@pytest.mark.parametrize("question", ["Làm định danh mức 2 ở đâu?", "Đăng ký tạm trú cần giấy tờ gì?"])
def test_an_ordinary_question_does_not(assistant, question):
    assert not assistant.ask(question).text.startswith("Trước đây")


def test_every_problem_of_the_file_is_named_with_its_line(small_corpus, guides):
    write(
        small_corpus,
        {"items": [f"{GUIDE}:x1"], "question": "Lên huyện làm mức 2 à?"},
        {"items": [f"{GUIDE}:x99"], "question": "?"},
        {"items": [], "guide": "khong-co", "question": "?"},
        {"items": "x1", "question": "?"},
    )
    with pytest.raises(CorpusError) as error:
        load_believed(small_corpus, guides)
    assert [row.split("premises.jsonl:")[1][:2] for row in str(error.value).split("\n")] == ["2:", "3:", "4:"]


def test_a_corpus_without_the_file_has_no_known_questions(small_corpus, guides):
    assert load_believed(small_corpus, guides) == ()


def test_a_question_does_not_testify_for_itself(small_corpus, guides, assistant):
    question = "lên huyện xin mức 2"
    write(small_corpus, {"items": [f"{GUIDE}:x1"], "question": question})
    premises = Premises(guides, load_believed(small_corpus, guides), assistant.index.embedder.encode)
    near = {tuple(x) for _, x in premises.evidence(question, (GUIDE,), DAY)}
    alone = {tuple(x) for _, x in premises.evidence(question, (GUIDE,), DAY, without=question)}
    assert max(x[4] for x in near) > 0.99
    assert max(x[4] for x in alone) == 0
