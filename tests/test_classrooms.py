"""Classes in both kinds of database: numbers under a rush, whose class it is, and what is left after the end."""

import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from people import person

from rag.answers import Answer, AnswerStatus
from rag.errors import ClassEndedError, RecordError
from rag.records import Records, tables
from rag.records.answers import Context, Feedback
from rag.records.classrooms import MAX_MEMBERS, Refusal
from rag.roles import Role

HELD = date(2026, 11, 27)
CANARY = "chim hoàng yến đậu cành sung"


@pytest.fixture
def lan(store):
    store.localities.put("admin", "Tỉnh A")
    store.localities.put("admin", "Phường B", "tinh-a")
    store.localities.put("admin", "Phường C", "tinh-a")
    return person(store, name="lan", locality_id="tinh-a/phuong-b")


@pytest.fixture
def room(store, lan):
    return store.classrooms.open(lan, "tinh-a/phuong-b", "nguoi-cao-tuoi", HELD)


def joined(store, room):
    key, member = store.classrooms.join(room.code)
    return key, member


def asks(
    store, member, answer_id, question="Làm mức 2 ở đâu?", status=AnswerStatus.ANSWERED, guide="vneid-dang-ky-muc-2"
):
    answer = Answer(answer_id, question, status, "Trả lời.", level="documented", guide_ids=(guide,))
    room = member.classroom
    store.answers.save(answer, Context(locality_id=room.locality_id, classroom_id=room.id, member=member.number))


def rows(store, table):
    with store.database.reading() as connection:
        return connection.execute(sa.select(table)).mappings().all()


def everything(store):
    return {table.name: [dict(row) for row in rows(store, table)] for table in tables.metadata.sorted_tables}


def test_a_code_has_six_characters_that_do_not_look_alike(store, room):
    assert len(room.code) == 6
    assert not set(room.code) & set("01258BGILOQSUVZ")
    assert store.classrooms.at(f" {room.code[:3].lower()} {room.code[3:]}") == room


def test_sixty_learners_who_join_at_once_get_sixty_different_numbers_and_one_more_is_refused(store, room):
    together = threading.Barrier(10)

    def some(_):
        together.wait()
        return [store.classrooms.join(room.code) for _ in range(7)]

    with ThreadPoolExecutor(10) as pool:
        results = [result for batch in pool.map(some, range(10)) for result in batch]
    members = [result[1] for result in results if not isinstance(result, Refusal)]
    assert sorted(member.number for member in members) == list(range(1, MAX_MEMBERS + 1))
    assert Counter(r for r in results if isinstance(r, Refusal)) == {Refusal.FULL: 10}


def test_the_key_of_a_member_is_stored_nowhere(store, room):
    key, member = joined(store, room)
    assert store.classrooms.member(key) == member
    assert key not in repr(everything(store))
    assert store.classrooms.member(key + "x") is None
    assert store.classrooms.member(None) is None


def test_a_wrong_code_is_refused(store, room):
    assert store.classrooms.join("AAAAAA") is Refusal.UNKNOWN
    assert store.classrooms.join("") is Refusal.UNKNOWN


def test_a_trainer_opens_classes_only_where_she_is_responsible(store, lan):
    for place in ("tinh-a/phuong-c", "tinh-a", None, "khong-co"):
        with pytest.raises(RecordError):
            store.classrooms.open(lan, place, "chung", HELD)
    with pytest.raises(RecordError, match="audience"):
        store.classrooms.open(lan, "tinh-a/phuong-b", "<b>ai cũng được</b>", HELD)
    assert store.classrooms.mine(lan) == []


def test_a_class_is_its_trainers_and_the_administrators_alone(store, room, lan):
    hoa, admin = person(store, name="hoa", locality_id="tinh-a/phuong-b"), person(store, Role.ADMIN)
    for refused in (
        lambda: store.classrooms.get(hoa, room.id),
        lambda: store.classrooms.push(hoa, room.id, "guide", "x"),
        lambda: store.classrooms.end(hoa, room.id),
    ):
        with pytest.raises(RecordError, match="no open class"):
            refused()
    assert store.classrooms.mine(hoa) == []
    assert store.classrooms.mine(lan) == store.classrooms.mine(admin) == [room]
    store.classrooms.end(admin, room.id)
    assert store.classrooms.mine(lan) == []


def test_the_wall_says_who_asked_what_is_unverified_who_is_stuck_and_what_is_asked_most(store, room, lan):
    (_, one), (_, two) = joined(store, room), joined(store, room)
    asks(store, one, "a1")
    asks(store, two, "a2", "Giá vàng?", AnswerStatus.DECLINED_NO_SOURCE, "khac")
    asks(store, two, "a3")
    store.answers.give_feedback(Feedback("a1", helpful=False))
    store.classrooms.stuck(two, True)
    store.classrooms.push(lan, room.id, "practice", "vneid-dang-ky-muc-2")
    wall = store.classrooms.wall(room.id)
    assert [(asked.answer_id, asked.number, asked.helpful) for asked in wall.questions] == [
        ("a3", 2, None), ("a2", 2, None), ("a1", 1, False),
    ]  # fmt: skip
    assert [asked.answer_id for asked in wall.unverified] == ["a3", "a1"]
    assert (wall.people, wall.stuck, wall.most_asked, wall.finished) == (2, (2,), (("vneid-dang-ky-muc-2", 2),), 0)
    store.classrooms.stuck(two, False)
    assert store.classrooms.wall(room.id).stuck == ()


def test_a_learner_finishes_only_what_is_pushed_and_once(store, room, lan):
    key, member = joined(store, room)
    store.classrooms.finish(member, "chua-gui")
    store.classrooms.push(lan, room.id, "guide", "vneid-dang-ky-muc-2")
    for guide_id in ("vneid-dang-ky-muc-2", "vneid-dang-ky-muc-2", "khac"):
        store.classrooms.finish(store.classrooms.member(key), guide_id)
    assert store.classrooms.member(key).finished == ("vneid-dang-ky-muc-2",)
    assert store.classrooms.wall(room.id).finished == 1


def test_who_has_left_is_a_member_no_more_but_the_number_stays_taken(store, room):
    key, member = joined(store, room)
    store.classrooms.leave(member)
    assert store.classrooms.member(key) is None
    assert joined(store, room)[1].number == 2


def used(store, room, lan):
    """Give a class all that can hang on it: feedback, tasks, reviews, a curated answer, a case, a hand-over."""
    (_, one), (key, two) = joined(store, room), joined(store, room)
    asks(store, one, "a1", CANARY)
    asks(store, two, "a2", CANARY, AnswerStatus.DECLINED_NO_SOURCE)
    store.answers.give_feedback(Feedback("a1", helpful=False, comment=CANARY))
    store.classrooms.push(lan, room.id, "guide", "vneid-dang-ky-muc-2")
    store.classrooms.finish(store.classrooms.member(key), "vneid-dang-ky-muc-2")
    now = datetime.now(UTC)
    task = rows(store, tables.tasks)[0]["id"]
    with store.database.writing() as connection:
        for table, row in (
            (tables.reviews, {
                "id": 1, "task_id": task, "answer_id": "a1", "reviewer_id": lan.id, "at": now, "verdict": "right",
                "reasons": [], "marked": CANARY, "correction": CANARY, "citations": [], "note": CANARY,
            }),
            (tables.curated, {
                "question": "Câu hỏi chung", "also": [], "text": "x", "citations": [], "answer_id": "a1", "approved_by": "hoa",
                "approved_at": now, "state": "live", "lapses": [], "hits": 0,
            }),
            (tables.cases, {"id": "c1", "case": {}, "review_id": 1, "made_by": "hoa", "made_at": now}),
            (tables.handovers, {
                "digest": "d", "answer_id": "a2", "question": "Câu hỏi của người đợi", "note": "", "classroom_id": room.id,
                "asked_at": now, "until": now, "citations": [], "source": "",
            }),
        ):  # fmt: skip
            connection.execute(sa.insert(table).values(row))
    return key


def test_the_end_wipes_every_trace_and_keeps_what_was_made_of_it_without_the_link(store, room, lan):
    store.answers.save(Answer("ngoai-lop", "Hỏi ngoài lớp", AnswerStatus.ANSWERED, "x"))
    key = used(store, room, lan)
    assert CANARY in repr(everything(store))
    store.classrooms.end(lan, room.id)
    left = everything(store)
    assert CANARY not in repr(left)
    assert [row["id"] for row in left["answers"]] == ["ngoai-lop"]
    assert {table: len(left[table]) for table in ("contexts", "tasks", "feedback", "reviews", "members")} == {
        "contexts": 1, "tasks": 1, "feedback": 0, "reviews": 0, "members": 0,
    }  # fmt: skip
    assert (left["curated"][0]["answer_id"], left["cases"][0]["review_id"]) == (None, None)
    assert (left["handovers"][0]["answer_id"], left["handovers"][0]["classroom_id"]) == (None, None)
    (ended,) = left["classrooms"]
    assert (ended["code"], ended["pushed"], ended["ended_at"] is not None) == (None, None, True)
    assert store.classrooms.member(key) is None
    assert store.classrooms.join(room.code) is Refusal.UNKNOWN
    with pytest.raises(RecordError):
        store.classrooms.wall(room.id)


def test_what_a_class_left_is_in_no_file_of_the_database(store, room, lan):
    if not store.url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files are its own")
    folder = Path(store.url.removeprefix("sqlite:///")).parent
    used(store, room, lan)

    def found():
        return [path.name for path in folder.iterdir() if CANARY.encode() in path.read_bytes()]

    assert found()
    store.classrooms.end(lan, room.id)
    assert found() == []


def test_the_end_counts_what_the_report_may_know(store, room, lan):
    used(store, room, lan)
    store.classrooms.end(lan, room.id)
    again = store.classrooms.open(lan, "tinh-a/phuong-b", "nguoi-cao-tuoi", HELD + timedelta(days=1))
    joined(store, again)
    store.classrooms.end(lan, again.id)
    empty = store.classrooms.open(lan, "tinh-a/phuong-b", "hoc-sinh", HELD)
    store.classrooms.end(lan, empty.id)
    found = rows(store, tables.counts)
    assert {(row["week"], row["locality_id"], row["audience"]) for row in found} == {
        (date(2026, 11, 23), "tinh-a/phuong-b", "nguoi-cao-tuoi")
    }
    assert {row["measure"]: row["n"] for row in found} == {
        "people": 3, "questions": 2, "answered": 1, "lessons": 1, "classes": 2,
    }  # fmt: skip


def test_an_answer_that_is_done_after_the_end_is_not_stored(store, room, lan):
    _, member = joined(store, room)
    store.classrooms.end(lan, room.id)
    with pytest.raises(ClassEndedError):
        asks(store, member, "a1", CANARY)
    assert CANARY not in repr(everything(store))


def test_nothing_is_left_of_questions_that_race_the_end(store, room, lan):
    _, member = joined(store, room)
    begun, late = threading.Event(), time.monotonic() + 60

    def keep_asking(name):
        for number in itertools.count():
            try:
                asks(store, member, f"{name}-{number}", CANARY)
            except ClassEndedError:
                return True
            begun.set()
            if time.monotonic() > late:
                return False

    with ThreadPoolExecutor(3) as pool:
        askers = [pool.submit(keep_asking, name) for name in "abc"]
        begun.wait(10)
        store.classrooms.end(lan, room.id)
        assert all(asker.result() for asker in askers)
    assert CANARY not in repr(everything(store))


def test_a_class_that_nobody_ended_is_over_after_a_day(store, room, lan):
    key, _ = joined(store, room)
    other = store.classrooms.open(lan, "tinh-a/phuong-b", "chung", HELD)
    with store.database.writing() as connection:
        old = sa.update(tables.classrooms).where(tables.classrooms.c.id == room.id)
        connection.execute(old.values(opened_at=datetime.now(UTC) - timedelta(hours=24, seconds=1)))
    assert store.classrooms.member(key) is None
    assert store.classrooms.join(room.code) is Refusal.UNKNOWN
    assert store.classrooms.end_overdue() == [room.id]
    assert store.classrooms.end_overdue() == []
    assert store.classrooms.mine(lan) == [other]
    assert rows(store, tables.members) == []
    assert [(e.who, e.subject) for e in store.audit.entries(action="classroom-ended")] == [("", str(room.id))]


def test_a_reader_who_lingers_does_not_keep_what_was_wiped(store, room, lan):
    if not store.url.startswith("sqlite"):
        pytest.skip("SQLite's log only")
    path = Path(store.url.removeprefix("sqlite:///"))
    used(store, room, lan)
    other = Records.open(store.url)
    with other.database.reading() as connection:
        connection.execute(sa.select(tables.answers)).all()
        ending = threading.Thread(target=store.classrooms.end, args=(lan, room.id))
        ending.start()
        ending.join(1)
    ending.join(10)
    other.close()
    assert not any(CANARY.encode() in file.read_bytes() for file in path.parent.iterdir())
