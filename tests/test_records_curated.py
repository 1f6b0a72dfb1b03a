import pytest
import sqlalchemy as sa
from people import person

from rag.answers import Answer, AnswerStatus
from rag.curated import CuratedCitation
from rag.errors import RecordError
from rag.records import tables
from rag.records.curated import CuratedState

CITED = (CuratedCitation(1, "g#le-phi", "d1", "Không mất tiền."),)


def tasks(store):
    with store.database.reading() as connection:
        return connection.execute(sa.select(tables.tasks).order_by(tables.tasks.c.id)).all()


def test_a_new_approval_takes_the_place_of_the_one_to_the_same_question(store):
    user = person(store)
    store.curated.approve(user, "Làm mức 2 mất tiền không?", "Không. [1]", CITED)
    store.curated.approve(
        user, "lam muc 2 mat tien khong?", "Không mất tiền. [1]", CITED, also=["mức 2 tốn tiền không"]
    )
    (live,) = store.curated.live()
    assert (live.text, live.also, live.citations) == ("Không mất tiền. [1]", ("mức 2 tốn tiền không",), CITED)
    assert [row.state for row in store.curated.all()] == [CuratedState.LIVE, CuratedState.WITHDRAWN]


def test_a_lapsed_answer_is_served_no_more_and_waits_for_a_trainer_once(store):
    store.answers.save(Answer("a1", "mức 2 mất tiền không", AnswerStatus.ANSWERED, "x"))
    number = store.curated.approve(person(store), "mức 2 mất tiền không", "Không. [1]", CITED, "a1")
    assert store.curated.lapse(number, ["Đoạn “g” đã sửa."])
    assert not store.curated.lapse(number, ["Đoạn “g” đã sửa."])
    assert store.curated.live() == []
    assert [(t.answer_id, t.reason) for t in tasks(store)] == [("a1", "new"), ("a1", "lapsed")]
    assert store.curated.all()[0].lapses == ("Đoạn “g” đã sửa.",)


def test_a_lapsed_answer_without_a_question_of_a_learner_can_be_reviewed_all_the_same(store):
    number = store.curated.approve(person(store), "mức 2 mất tiền không", "Không. [1]", CITED)
    store.curated.lapse(number, ["x"])
    (task,) = tasks(store)
    assert store.curated.all()[0].answer_id == task.answer_id


def test_personal_data_is_masked_hits_are_counted_and_withdrawing_is_final(store):
    user = person(store)
    number = store.curated.approve(user, "số tôi 0900000000, mức 2 mất tiền không", "Gọi 0900000000. [1]", CITED)
    store.curated.count_hit(number)
    store.curated.count_hit(number)
    row = store.curated.all()[0]
    assert row.hits == 2
    assert row.last_hit_at is not None
    assert "0900000000" not in row.answer.question + row.answer.text
    store.curated.withdraw(user, number)
    assert store.curated.live() == []
    with pytest.raises(RecordError):
        store.curated.withdraw(user, "99")
    assert [e.action for e in store.audit.entries()][:2] == ["curated-withdrawn", "curated-approved"]


def test_a_case_can_be_made_again_and_taken_out_of_the_gate_with_a_reason(store):
    user = person(store)
    store.cases.add(user, {"id": "sua-1", "question": "a"})
    store.cases.add(user, {"id": "sua-1", "question": "b"})
    (case,) = store.cases.live()
    assert case.case["question"] == "b"
    store.cases.withdraw(user, "sua-1", "câu hỏi không còn đúng, hỏi 0900000000")
    assert store.audit.entries()[0].detail == {"reason": "câu hỏi không còn đúng, hỏi [số điện thoại]"}
    assert store.cases.live() == []
