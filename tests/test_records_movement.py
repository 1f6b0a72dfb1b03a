"""Counts that add up in the transaction of what is counted, and targets."""

import contextlib
import threading
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from people import person

from rag.answers import Answer, AnswerStatus
from rag.clock import local_day
from rag.errors import RecordError
from rag.records import tables
from rag.records.answers import Context
from rag.records.movement import AUDIENCES, Audience, Count, count, monday

MONDAY, SUNDAY, NEXT = date(2026, 11, 2), date(2026, 11, 8), date(2026, 11, 9)


def save(store, status, **context):
    number = f"{status.value}-{len(counted(store))}-{context}"[:64]
    store.answers.save(Answer(number, "câu hỏi", status, "x"), Context(**context))


def counted(store):
    return {(row.locality_id, row.audience, row.measure): row.n for row in store.movement.counted()}


def test_counts_of_one_week_add_up_under_its_monday(store):
    with store.database.writing() as connection:
        for day, n in ((MONDAY, 1), (SUNDAY, 4), (NEXT, 7)):
            count(connection, day, "tinh/xa", Audience.OLDER, "people", n)
        count(connection, SUNDAY, None, "", "questions")
    assert store.movement.counted() == [
        Count(MONDAY, "", "", "questions", 1),
        Count(MONDAY, "tinh/xa", "nguoi-cao-tuoi", "people", 5),
        Count(NEXT, "tinh/xa", "nguoi-cao-tuoi", "people", 7),
    ]


def test_a_count_is_kept_or_lost_with_its_transaction(store):
    with contextlib.suppress(ZeroDivisionError), store.database.writing() as connection:
        count(connection, MONDAY, None, "", "questions")
        raise ZeroDivisionError
    assert store.movement.counted() == []


def test_counts_from_several_threads_are_all_kept(store):
    def work():
        for _ in range(10):
            with store.database.writing() as connection:
                count(connection, MONDAY, None, "", "questions")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.n for row in store.movement.counted()] == [40]


def test_an_answer_outside_a_class_counts_what_it_was(store):
    tinh = store.localities.put("test", "Tỉnh Mẫu")
    save(store, AnswerStatus.ANSWERED, first=True)
    for status in (AnswerStatus.PARTIAL, AnswerStatus.SAFETY_SCAM, AnswerStatus.DECLINED_NO_SOURCE):
        save(store, status)
    save(store, AnswerStatus.ANSWERED, locality_id=tinh.id)
    assert counted(store) == {
        ("", "", "people"): 1, ("", "", "questions"): 4, ("", "", "answered"): 3,
        (tinh.id, "", "questions"): 1, (tinh.id, "", "answered"): 1,
    }  # fmt: skip
    assert {row.week for row in store.movement.counted()} == {monday(local_day(datetime.now(UTC)))}


def test_an_answer_in_a_class_waits_for_the_class_to_end(store):
    room = {"code": "ABC", "trainer_id": person(store).id, "audience": "chung", "held_on": MONDAY, "opened_at": datetime.now(UTC)}  # fmt: skip
    with store.database.writing() as connection:
        number = connection.execute(sa.insert(tables.classrooms).values(room)).inserted_primary_key[0]
    save(store, AnswerStatus.ANSWERED, classroom_id=number, member=1, first=True)
    assert counted(store) == {}


def test_an_answer_that_cannot_be_stored_is_not_counted(store):
    answer = Answer("a1", "câu hỏi", AnswerStatus.ANSWERED, "x")
    store.answers.save(answer)
    with pytest.raises(RecordError):
        store.answers.save(answer)
    assert counted(store)["", "", "questions"] == 1


def test_a_day_begins_when_it_begins_in_vietnam():
    assert local_day(datetime(2026, 11, 8, 16, 59, tzinfo=UTC)) == SUNDAY
    assert local_day(datetime(2026, 11, 8, 17, 0, tzinfo=UTC)) == NEXT
    assert (monday(SUNDAY), monday(MONDAY)) == (MONDAY, MONDAY)


def test_a_target_takes_the_place_of_the_one_for_the_same(store):
    tinh, xa = store.localities.put("test", "Tỉnh Mẫu"), store.localities.put("test", "Xã Mẫu")
    store.movement.set_target("an", tinh.id, "", "people", 100, NEXT)
    store.movement.set_target("an", tinh.id, "", "people", 300, SUNDAY)
    store.movement.set_target("an", xa.id, Audience.PUPILS, "classes", 3, MONDAY)
    first, second = store.movement.targets()
    assert (first.locality_id, first.audience, first.measure, first.goal, first.by_day) == (xa.id, "hoc-sinh", "classes", 3, MONDAY)  # fmt: skip
    assert (second.goal, second.by_day) == (300, SUNDAY)
    store.movement.remove_target("an", first.id)
    assert store.movement.targets() == [second]
    assert [(e.who, e.action, e.subject) for e in store.audit.entries()[:2]] == [
        ("an", "target-removed", xa.id), ("an", "target", xa.id),
    ]  # fmt: skip


def test_a_target_that_cannot_be_is_refused_and_leaves_no_trace(store):
    tinh = store.localities.put("test", "Tỉnh Mẫu")
    with pytest.raises(RecordError):
        store.movement.set_target("an", "khong-co", "", "people", 100, NEXT)
    with pytest.raises(RecordError):
        store.movement.set_target("an", tinh.id, "", "people", 0, NEXT)
    with pytest.raises(RecordError):
        store.movement.remove_target("an", 99)
    assert store.movement.targets() == []
    assert {e.action for e in store.audit.entries()} == {"locality"}


def test_every_audience_has_a_name():
    assert set(AUDIENCES) == set(Audience)
