import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from people import person

from rag.answers import Answer, AnswerStatus
from rag.curated import CuratedCitation
from rag.records import Records, tables
from rag.records.answers import Context, Feedback
from rag.records.reviews import ALL, Filters, NotHeld, ReviewDraft, Reviews, Verdict, is_doubled
from rag.records.tasks import FIRST, SECOND, THIRD
from rag.roles import Role

RIGHT, WRONG = ReviewDraft(Verdict.RIGHT), ReviewDraft(Verdict.WRONG, ("false",))
ANSWER = Answer("a1", "làm căn cước ở đâu", AnswerStatus.ANSWERED, "Ở Công an xã.", guide_ids=("can-cuoc",))


def asked(store, answer_id="a1", locality_id=None, classroom_id=None, **values):
    answer = replace(ANSWER, id=answer_id, **values)
    store.answers.save(answer, Context(locality_id=locality_id, classroom_id=classroom_id))
    return answer


def reviewed(reviews, user, draft=RIGHT):
    """Take the next item and decide it; return the stored review."""
    return reviews.decide(user, reviews.take_next(user).task_id, draft)


@pytest.fixture
def people(store):
    return [person(store, name=name) for name in ("lan", "mai", "na", "tam")]


def test_eight_people_who_take_forty_items_at_once_get_each_exactly_once(store):
    for n in range(40):
        asked(store, f"a{n}")
    users = [person(store, name=f"nguoi-{n}") for n in range(8)]
    others = [Records.open(store.url) for _ in users]  # connections of their own, as other processes have
    together = threading.Barrier(8, timeout=30)

    def take_all(user, other):
        together.wait()
        taken = []
        while item := other.reviews.take_next(user):
            taken.append(item.answer_id)
        other.close()
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [answer_id for each in pool.map(take_all, users, others) for answer_id in each]
    assert sorted(taken) == sorted(f"a{n}" for n in range(40))


def test_two_who_choose_the_same_item_at_once_do_not_both_get_it(store, people):
    asked(store)
    task_id = store.reviews.queue(people[0])[0][0].task_id
    others = [Records.open(store.url) for _ in people]
    together = threading.Barrier(4, timeout=30)

    def take(user, other):
        together.wait()
        try:
            return other.reviews.take(user, task_id).mine
        except NotHeld:
            return False
        finally:
            other.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, people, others)) == 1


def test_what_one_person_holds_others_neither_see_nor_decide_until_it_is_given_back(store, people):
    lan, mai, *_ = people
    asked(store)
    item = store.reviews.take_next(lan)
    assert (item.mine, item.question) == (True, "làm căn cước ở đâu")
    assert store.reviews.queue(mai) == ([], 0)
    assert store.reviews.take_next(mai) is None
    assert store.reviews.held(mai, item.task_id) is None
    with pytest.raises(NotHeld):
        store.reviews.decide(mai, item.task_id, RIGHT)
    store.reviews.give_back(mai, item.task_id)  # not hers: nothing happens
    assert store.reviews.held(lan, item.task_id) == item
    store.reviews.give_back(lan, item.task_id)
    assert store.reviews.take(mai, item.task_id).answer_id == "a1"


def test_a_hold_runs_out_unless_it_is_renewed(store, people):
    lan, mai, *_ = people
    asked(store)
    task_id = store.reviews.take_next(lan).task_id

    def until(moment):
        with store.database.writing() as connection:
            connection.execute(sa.update(tables.tasks).values(claimed_until=moment))

    until(datetime.now(UTC) + timedelta(seconds=30))
    assert store.reviews.take(lan, task_id).mine
    with store.database.reading() as connection:
        left = connection.execute(sa.select(tables.tasks.c.claimed_until)).scalar_one() - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    until(datetime.now(UTC) - timedelta(seconds=1))
    assert store.reviews.take_next(mai).task_id == task_id
    with pytest.raises(NotHeld):
        store.reviews.take(lan, task_id)
    with pytest.raises(NotHeld):
        store.reviews.decide(lan, task_id, RIGHT)


def test_a_verdict_given_late_counts_while_nobody_else_has_taken_the_item(store, people):
    asked(store)
    task_id = store.reviews.take_next(people[0]).task_id
    with store.database.writing() as connection:
        connection.execute(sa.update(tables.tasks).values(claimed_until=datetime.now(UTC) - timedelta(hours=1)))
    assert store.reviews.decide(people[0], task_id, RIGHT).verdict is Verdict.RIGHT
    with pytest.raises(NotHeld):
        store.reviews.decide(people[0], task_id, RIGHT)


def test_the_most_urgent_comes_first_and_skipping_goes_round(store, people):
    asked(store, "a1")
    asked(store, "a2", status=AnswerStatus.PARTIAL)
    asked(store, "a3")
    store.answers.give_feedback(Feedback("a3", False))
    lan, skipped = people[0], None
    seen = []
    for _ in range(4):
        item = store.reviews.take_next(lan, ALL, skipped)
        if skipped:
            store.reviews.give_back(lan, skipped)
        seen.append(item.answer_id)
        skipped = item.task_id
    assert seen == ["a3", "a2", "a1", "a3"]


def test_a_second_review_is_blind_and_never_of_the_first_reviewer(store, people):
    lan, mai, *_ = people
    reviews = Reviews(store.database, double_review=1)
    asked(store)
    first = reviewed(reviews, lan)
    assert (first.stage, first.reviewer) == (FIRST, "Lan")
    assert reviews.queue(lan) == ([], 0)
    assert reviews.take_next(lan) is None
    item = reviews.take_next(mai)
    assert (item.stage, item.reason) == (SECOND, "new")  # as if it were the first
    with pytest.raises(NotHeld):
        reviews.take(lan, item.task_id)
    assert reviews.decide(mai, item.task_id, RIGHT).stage == SECOND
    assert reviews.take_next(people[2]) is None
    assert reviews.in_force("a1").reviewer == "Lan"


def test_a_third_person_settles_what_two_see_differently(store, people):
    lan, mai, na, tam = people
    reviews = Reviews(store.database, double_review=1)
    asked(store)
    reviewed(reviews, lan, RIGHT)
    assert reviews.in_force("a1").verdict is Verdict.RIGHT
    reviewed(reviews, mai, WRONG)
    assert reviews.in_force("a1") is None
    assert reviews.take_next(lan) is reviews.take_next(mai) is None
    item = reviews.take_next(na)
    assert (item.stage, item.reason) == (THIRD, "disagreement")
    assert [(r.reviewer, r.verdict) for r in reviews.history("a1")] == [("Lan", Verdict.RIGHT), ("Mai", Verdict.WRONG)]
    reviews.decide(na, item.task_id, ReviewDraft(Verdict.DANGEROUS))
    assert reviews.in_force("a1").verdict is Verdict.DANGEROUS
    assert reviews.take_next(tam) is None
    assert reviews.pairs() == [("lan", Verdict.RIGHT, "mai", Verdict.WRONG)]


def test_the_share_that_is_reviewed_twice_is_the_same_whenever_it_is_asked(store, people):
    ids = [f"{n:032x}" for n in range(2000)]
    chosen = {answer_id for answer_id in ids if is_doubled(answer_id, 0.1)}
    assert chosen == {answer_id for answer_id in ids if is_doubled(answer_id, 0.1)}
    assert 150 < len(chosen) < 250
    reviews = Reviews(store.database, double_review=0.1)
    picked, other = sorted(chosen)[0], sorted(set(ids) - chosen)[0]
    for answer_id in (picked, other):
        asked(store, answer_id)
        reviewed(reviews, people[0])
    assert [item.answer_id for item in reviews.queue(people[1])[0]] == [picked]


def test_what_is_out_of_a_trainers_reach_does_not_exist_for_them(store):
    for name, parent in (("Tỉnh A", None), ("Xã B", "tinh-a"), ("Xã C", "tinh-a"), ("Tỉnh D", None)):
        store.localities.put("admin", name, parent)
    places = {"a0": None, "a1": "tinh-a", "a2": "tinh-a/xa-b", "a3": "tinh-a/xa-c", "a4": "tinh-d"}
    for answer_id, place in places.items():
        asked(store, answer_id, place)
    everywhere, province, commune = (
        person(store, name=f"nguoi-{n}", locality_id=place) for n, place in enumerate((None, "tinh-a", "tinh-a/xa-b"))
    )

    def seen(user):
        return {item.answer_id for item in store.reviews.queue(user)[0]}

    assert seen(everywhere) == set(places)
    assert seen(province) == {"a0", "a1", "a2", "a3"}
    assert seen(commune) == {"a0", "a2"}
    hidden = next(i.task_id for i in store.reviews.queue(everywhere)[0] if i.answer_id == "a4")
    with pytest.raises(NotHeld):
        store.reviews.take(commune, hidden)
    taken = set()
    while item := store.reviews.take_next(commune):
        taken.add(item.answer_id)
    assert taken == {"a0", "a2"}


def test_what_is_held_is_out_of_reach_for_whoever_has_moved(store):
    for name in ("A", "B"):
        store.localities.put("admin", name)
    asked(store, locality_id="a")
    user = person(store, name="lan", locality_id="a")
    task = store.reviews.take_next(user).task_id
    moved = store.accounts.change("admin", "lan", locality_id="b")
    assert store.reviews.held(moved, task) is None
    with pytest.raises(NotHeld):
        store.reviews.decide(moved, task, RIGHT)


def test_pairs_are_only_of_answers_within_reach(store, people):
    store.localities.put("admin", "Xã B")
    store.localities.put("admin", "Xã C")
    reviews = Reviews(store.database, double_review=1)
    asked(store, locality_id="xa-b")
    reviewed(reviews, people[0])
    reviewed(reviews, people[1])
    assert len(reviews.pairs(person(store, name="o-b", locality_id="xa-b"))) == 1
    assert reviews.pairs(person(store, name="o-c", locality_id="xa-c")) == []


DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEVEN = datetime.fromisoformat("2026-11-21T00:00+07:00")


@pytest.fixture
def varied(store):
    """Five answers that differ in everything that can be filtered by; a place above the one of b."""
    store.localities.put("admin", "Tỉnh A")
    store.localities.put("admin", "Xã B", "tinh-a")
    trainer = person(store)
    room = {
        "trainer_id": trainer.id,
        "audience": "older",
        "held_on": date(2026, 11, 20),
        "opened_at": datetime.now(UTC),
    }
    with store.database.writing() as connection:
        connection.execute(sa.insert(tables.classrooms).values(id=7, **room))
    asked(store, "a", level="verified", confidence=0.9)
    asked(store, "b", "tinh-a/xa-b", status=AnswerStatus.DECLINED_LEGAL, confidence=0.5, guide_ids=("cu-tru",))
    asked(store, "c", classroom_id=7, status=AnswerStatus.PARTIAL, model="qwen", mode="written", confidence=0.6)
    asked(store, "d", text="Bạn ra Ủy ban nhân dân.", question="ĐĂNG KÝ KẾT HÔN")
    asked(store, "e", status=AnswerStatus.ERROR_INTERNAL)
    store.answers.give_feedback(Feedback("a", True))
    store.answers.give_feedback(Feedback("b", False, ("Thông tin sai",), "thiếu"))
    with store.database.writing() as connection:
        for answer_id, later in (("a", 0), ("b", 4), ("c", 6), ("d", 30), ("e", 31)):
            moved = sa.update(tables.answers).where(tables.answers.c.id == answer_id)
            connection.execute(moved.values(asked_at=DAY + timedelta(hours=later)))
    return store, trainer


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (ALL, "abcde"),
        (Filters(status="answered"), "ad"),
        (Filters(status="declined"), "b"),
        (Filters(level="verified"), "a"),
        (Filters(guide_ids=frozenset({"cu-tru"})), "b"),
        (Filters(guide_ids=frozenset()), ""),
        (Filters(locality_id="tinh-a"), "b"),
        (Filters(classroom_id=7), "c"),
        (Filters(thumbs="up"), "a"),
        (Filters(thumbs="down"), "b"),
        (Filters(thumbs="none"), "cde"),
        (Filters(least=0.6), "ac"),
        (Filters(least=0.5, below=0.9), "bc"),
        (Filters(model="qwen"), "c"),
        (Filters(model="-"), "abde"),
        (Filters(since=SEVEN), "cde"),
        (Filters(until=SEVEN), "ab"),
        (Filters(text="dang ky"), "d"),
        (Filters(text="ủy ban"), "d"),
        (Filters(text="100%_"), ""),
        (Filters(status="answered", text="căn cước"), "a"),
    ],
    ids=str,
)
def test_each_filter_keeps_what_it_names(varied, filters, expected):
    store, user = varied
    items, total = store.reviews.queue(user, filters)
    assert (sorted(item.answer_id for item in items), total) == (sorted(expected), len(expected))
    taken = []
    while item := store.reviews.take_next(user, filters):
        taken.append(item.answer_id)
    assert sorted(taken) == sorted(expected)


def test_an_item_tells_where_its_answer_was_given(varied):
    store, user = varied
    item = next(i for i in store.reviews.queue(user)[0] if i.answer_id == "b")
    assert (item.locality_id, item.confidence, item.level) == ("tinh-a/xa-b", 0.5, "none")
    assert item.feedback == Feedback("b", False, ("Thông tin sai",), "thiếu")
    assert store.reviews.choices(user).models == ("qwen",)
    assert store.reviews.choices(user).classrooms == ((7, date(2026, 11, 20), "older"),)


def test_pages_of_the_queue_hold_each_item_once(store, people):
    for n in range(45):
        asked(store, f"a{n}")
    pages = [store.reviews.queue(people[0], page=page) for page in (1, 2, 3)]
    assert [len(items) for items, _ in pages] == [20, 20, 5]
    assert {total for _, total in pages} == {45}
    assert len({item.answer_id for items, _ in pages for item in items}) == 45
    found, total = store.reviews.queue(people[0], Filters(text="can cuoc"), page=3)
    assert (len(found), total) == (5, 45)


def test_what_is_stored_is_masked_and_noted(store, people):
    asked(store)
    quote = CuratedCitation(1, "p#x", "d" * 64, "Nơi làm là số 44 Phạm Ngọc Thạch.")
    correction = "Nơi làm là số 44 Phạm Ngọc Thạch. [1]\nGọi anh 0900000000."
    draft = ReviewDraft(Verdict.WRONG, ("false",), "số 0900000000", correction, (quote,), "căn cước 000000000000")
    stored = reviewed(store.reviews, people[0], draft)
    assert stored == store.reviews.history("a1")[0]
    assert (stored.marked, stored.note) == ("số [số điện thoại]", "căn cước [số căn cước]")
    assert stored.correction == "Nơi làm là số 44 Phạm Ngọc Thạch. [1]\nGọi anh [số điện thoại]."
    assert stored.citations == (quote,)
    entry = store.audit.entries(action="reviewed")[0]
    assert (entry.who, entry.subject, entry.detail) == ("lan", "a1", {"stage": 1})  # no verdict: see the second review


def test_an_administrator_reviews_like_a_trainer(store):
    asked(store)
    assert reviewed(store.reviews, person(store, Role.ADMIN)).verdict is Verdict.RIGHT
