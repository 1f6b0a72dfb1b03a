"""Kept progress in both databases: phrases, members of classes, the end of a class, and what nobody uses any more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from people import person

from rag.errors import ClassEndedError, RecordError
from rag.progress import State
from rag.records import tables
from rag.records.progress import KEPT_FOR

HELD = date(2026, 11, 27)


def learnt(card):
    return State.model_validate({"lessons": {"vneid-hai-muc": {"card": card, "done": "2026-11-27"}}, "items": {}})


@pytest.fixture
def lan(store):
    return person(store, name="lan")


@pytest.fixture
def room(store, lan):
    return store.classrooms.open(lan, None, "chung", HELD)


def rows(store):
    with store.database.reading() as connection:
        return connection.execute(sa.select(tables.progress)).all()


def unused_for(store, time):
    with store.database.writing() as connection:
        connection.execute(sa.update(tables.progress).values(updated_at=datetime.now(UTC) - time))


def test_a_phrase_opens_what_was_kept_last_and_nothing_once_it_is_deleted(store):
    store.progress.keep("d1", learnt(1))
    assert store.progress.read("d1") == learnt(1)
    assert store.progress.save("d1", learnt(2), learnt(1).version) == learnt(2)
    assert store.progress.read("d1") == learnt(2)
    assert store.progress.read("d2") is None
    assert store.progress.save("d2", learnt(3), learnt(1).version) is None
    assert store.progress.forget("d1")
    assert not store.progress.forget("d1")
    assert rows(store) == []


def test_of_devices_that_save_at_once_one_is_kept_and_the_others_learn_of_it(store):
    store.progress.keep("d1", learnt(1))
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda n: store.progress.save("d1", learnt(n), learnt(1).version), range(10, 18)))
    assert len(set(map(State.model_dump_json, saved))) == 1
    assert store.progress.read("d1") == saved[0] != learnt(1)


def test_a_phrase_that_is_taken_keeps_what_it_has(store):
    store.progress.keep("d1", learnt(1))
    with pytest.raises(RecordError):
        store.progress.keep("d1", learnt(2))
    assert store.progress.read("d1") == learnt(1)


def test_what_is_used_lives_on_and_what_nobody_used_for_a_year_is_gone(store):
    store.progress.keep("d1", learnt(1))
    for use in (lambda: store.progress.read("d1"), lambda: store.progress.save("d1", learnt(2), learnt(1).version)):
        unused_for(store, KEPT_FOR - timedelta(hours=1))
        assert use()
        assert datetime.now(UTC) - rows(store)[0].updated_at < timedelta(minutes=1)
    unused_for(store, KEPT_FOR)
    assert store.progress.read("d1") is None
    assert store.progress.save("d1", learnt(3), learnt(2).version) is None
    assert not store.progress.forget("d1")
    store.progress.keep("d2", learnt(1))
    assert [row.digest for row in rows(store)] == ["d2"]
    unused_for(store, KEPT_FOR)
    assert store.progress.sweep() == 1
    assert rows(store) == []


def test_a_member_has_one_state_and_the_class_code_with_the_number_reads_it(store, room):
    _, one = store.classrooms.join(room.code)
    _, two = store.classrooms.join(room.code)
    assert store.progress.of_member(one) is None
    for card in (1, 2):
        store.progress.save_member(one, learnt(card))
    assert (store.progress.of_member(one), store.progress.of_member(two)) == (learnt(2), None)
    assert len(rows(store)) == 1
    assert store.progress.at(room.code, 1) == learnt(2)
    assert [store.progress.at(*seat) for seat in ((room.code, 2), (room.code, 3), ("AAAAAA", 1))] == [None] * 3


def test_of_sixty_who_save_at_once_each_keeps_the_own_state(store, room):
    members = [store.classrooms.join(room.code)[1] for _ in range(60)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda member: store.progress.save_member(member, learnt(member.number)), members * 2))
    assert [store.progress.of_member(member) for member in members] == [learnt(n) for n in range(1, 61)]
    assert len(rows(store)) == 60


def test_the_end_of_a_class_takes_its_progress_and_no_other(store, room, lan):
    other = store.classrooms.open(lan, None, "chung", HELD)
    _, member = store.classrooms.join(room.code)
    _, elsewhere = store.classrooms.join(other.code)
    store.progress.save_member(member, learnt(1))
    store.progress.save_member(elsewhere, learnt(2))
    store.progress.keep("d1", learnt(3))
    store.classrooms.end(lan, room.id)
    assert sorted((row.digest or "", row.member_id) for row in rows(store)) == [("", elsewhere.id), ("d1", None)]
    assert store.progress.at(room.code, member.number) is None
    with pytest.raises(ClassEndedError):
        store.progress.save_member(member, learnt(1))
    assert len(rows(store)) == 2


def test_a_class_that_nobody_ended_takes_its_progress_after_a_day(store, room):
    _, member = store.classrooms.join(room.code)
    store.progress.save_member(member, learnt(1))
    with store.database.writing() as connection:
        connection.execute(sa.update(tables.classrooms).values(opened_at=datetime.now(UTC) - timedelta(hours=25)))
    assert store.progress.at(room.code, 1) is None
    store.classrooms.end_overdue()
    assert rows(store) == []


def test_a_row_is_of_a_phrase_or_of_a_member(store):
    with pytest.raises(RecordError), store.database.writing() as connection:
        connection.execute(sa.insert(tables.progress).values(state={}, updated_at=datetime.now(UTC)))


def test_a_step_down_and_up_again_loses_no_progress(store, room):
    _, member = store.classrooms.join(room.code)
    store.progress.save_member(member, learnt(1))
    store.progress.keep("d1", learnt(2))
    store.database.migrate("0003")
    store.database.migrate("head")
    assert (store.progress.of_member(member), store.progress.read("d1")) == (learnt(1), learnt(2))
