"""Trainers' verdicts on answers: who checks what, in which order, and what counts in the end.

An item is held by one person at a time, for a quarter of an hour that the open page renews. A share of first reviews is done
again by a second person who does not see the first verdict; where the two differ, a third one settles it. Nobody reviews an
answer twice, and what belongs to a place out of a trainer's reach does not exist for them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from typing import Any

import sqlalchemy as sa

from rag.corrections import masked
from rag.curated import CuratedCitation
from rag.errors import RecordError
from rag.privacy import mask
from rag.records import tables
from rag.records.accounts import User
from rag.records.answers import Feedback
from rag.records.audit import note
from rag.records.database import Database
from rag.records.localities import Localities
from rag.records.tasks import FIRST, SECOND, THIRD, URGENT, add_task
from rag.settings import DOUBLE_REVIEW
from rag.text import fold

CLAIM = timedelta(minutes=15)
PAGE = 20
NO_MODEL = "-"  # as a filter: answers that no model worded
MAX_MARKED_CHARS, MAX_CORRECTION_CHARS, MAX_NOTE_CHARS = 2000, 4000, 1000

_tasks, _answers, _contexts, _reviews = tables.tasks.c, tables.answers.c, tables.contexts.c, tables.reviews.c
_text = tables.answers.c.answer["text"].as_string()


class Verdict(StrEnum):
    """What a reviewer says of an answer."""

    RIGHT = "right"
    INCOMPLETE = "incomplete"
    WRONG = "wrong"
    DANGEROUS = "dangerous"
    OUT_OF_SCOPE = "out-of-scope"


class NotHeld(RecordError):
    """The item is not the caller's: somebody else holds it, it is done, or it is not theirs to review."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items are wanted; an empty value wants all. `status` is a group, `guide_ids` those of a topic, `thumbs` "up",
    "down" or "none"; `least` ≤ confidence < `below`; `since` ≤ asked < `until`; `text` is looked up without marks.
    """

    status: str = ""
    level: str = ""
    guide_ids: frozenset[str] | None = None
    locality_id: str | None = None
    classroom_id: int | None = None
    thumbs: str = ""
    least: float | None = None
    below: float | None = None
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


ALL = Filters()


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that the answer could rest on, as it was then."""

    passage_id: str
    digest: str
    score: float


@dataclass(frozen=True, slots=True)
class QueueItem:
    """An answer that waits for a verdict, with where it was given; `answer` is the JSON contract, `mine` tells who holds it."""

    task_id: int
    stage: int
    reason: str
    mine: bool
    answer_id: str
    asked_at: datetime
    question: str
    answer: dict[str, Any]
    level: str
    mode: str
    model: str | None
    confidence: float
    hits: tuple[FoundPassage, ...]
    locality_id: str | None
    classroom_id: int | None
    feedback: Feedback | None


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """A verdict with its reasons, the sentences marked (one a line), and the corrected answer with what it cites."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    marked: str = ""
    correction: str = ""
    citations: tuple[CuratedCitation, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(ReviewDraft):
    """A verdict that was given; `reviewer` is the name that others read."""

    id: int
    answer_id: str
    stage: int
    reviewer_id: int
    reviewer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by: models, and classes as (id, day, audience)."""

    models: tuple[str, ...]
    classrooms: tuple[tuple[int, date, str], ...]


class Reviews:
    """The reviews of an open database. `double_review` is the share of first reviews that a second person does again."""

    def __init__(self, database: Database, double_review: float = DOUBLE_REVIEW) -> None:
        self._database = database
        self._localities = Localities(database)
        self._double_review = double_review

    def queue(self, user: User, filters: Filters = ALL, page: int = 1) -> tuple[list[QueueItem], int]:
        """Return a page of what `user` may review (`PAGE` items, the most urgent first, what they hold before it) and how many."""
        query, now = self._waiting(user, filters), _now()
        query = query.where(_free_for(user, now)).order_by(_held(user, now).desc(), *_ORDER)
        with self._database.reading() as connection:
            if filters.text:
                found = [row for row in connection.execute(query) if _says(row, filters.text)]
                rows, total = found[(page - 1) * PAGE : page * PAGE], len(found)
            else:
                total = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
                rows = connection.execute(query.limit(PAGE).offset((page - 1) * PAGE)).all()
            return [_item(row, user) for row in rows], total

    def take_next(self, user: User, filters: Filters = ALL, after: int | None = None) -> QueueItem | None:
        """Give the most urgent item that nobody holds to `user`, the one that follows task `after` if that is given (from the
        start again at the end); None when there is no other.
        """
        waiting = self._waiting(user, filters).order_by(*_ORDER)
        with self._database.writing() as connection:
            while True:
                now = _now()
                query = waiting.where(_unheld(now), _tasks.id != (after or 0))
                row = _first(connection, query.where(_follows(after)), filters) if after else None
                row = row or _first(connection, query, filters)
                if row is None:
                    return None
                if self._claim(connection, user, row.id, _unheld(now), now):
                    return _item(row, user, mine=True)

    def take(self, user: User, task_id: int) -> QueueItem:
        """Give an item to `user`, or renew their hold of it for another quarter of an hour. Raises NotHeld."""
        now = _now()
        with self._database.writing() as connection:
            if not self._claim(connection, user, task_id, _free_for(user, now), now):
                raise NotHeld(f"task {task_id} is not free for {user.name!r}")
            return _item(connection.execute(_joined().where(_tasks.id == task_id)).one(), user)

    def held(self, user: User, task_id: int) -> QueueItem | None:
        """Return an item that `user` took and nobody else has taken since."""
        mine = _joined().where(_tasks.id == task_id, _is_mine(user), self._within(user, _tasks.answer_id))
        with self._database.reading() as connection:
            row = connection.execute(mine).first()
        return _item(row, user) if row else None

    def give_back(self, user: User, task_id: int) -> None:
        """Let others take an item; nothing happens when `user` does not hold it."""
        mine = sa.update(tables.tasks).where(_tasks.id == task_id, _is_mine(user))
        with self._database.writing() as connection:
            connection.execute(mine.values(claimed_by=None, claimed_until=None))

    def decide(self, user: User, task_id: int, review: ReviewDraft) -> Review:
        """Store the verdict of the one who holds the item, masked, and queue a second or third review where one is due.

        A hold that has run out still counts while nobody else has taken the item. Raises NotHeld.
        """
        now = _now()
        with self._database.writing() as connection:
            mine = _is_mine(user) & self._within(user, _tasks.answer_id)
            done = sa.update(tables.tasks).where(_tasks.id == task_id, mine).values(done_at=now)
            if not connection.execute(done).rowcount:
                raise NotHeld(f"task {task_id} is not held by {user.name!r}")
            task = connection.execute(sa.select(tables.tasks).where(_tasks.id == task_id)).one()
            connection.execute(sa.insert(tables.reviews), _row(review, task, user, now))
            # Without the verdict: whoever reads the trail may be the blind second reviewer, and a class's end wipes verdicts.
            note(connection, user.name, "reviewed", task.answer_id, stage=task.stage)
            self._go_on(connection, task, review.verdict, now)
            return _review(connection.execute(_given().where(_reviews.task_id == task_id)).one())

    def history(self, answer_id: str) -> list[Review]:
        """Return every verdict on an answer, in the order of the stages."""
        with self._database.reading() as connection:
            return _history(connection, answer_id)

    def in_force(self, answer_id: str) -> Review | None:
        """Return the verdict that counts: the third person's, else the first unless the second differs."""
        by_stage = {review.stage: review for review in self.history(answer_id)}
        first, second = by_stage.get(FIRST), by_stage.get(SECOND)
        agreed = second is None or (first is not None and first.verdict is second.verdict)
        return by_stage.get(THIRD) or (first if agreed else None)

    def pairs(self, user: User | None = None) -> list[tuple[str, Verdict, str, Verdict]]:
        """Return (first reviewer, verdict, second reviewer, verdict) of every answer that two people reviewed blindly, by
        account names; only of answers within the reach of `user` if given.
        """
        one, two = tables.reviews.alias(), tables.reviews.alias()
        task_one, task_two = tables.tasks.alias(), tables.tasks.alias()
        who_one, who_two = tables.users.alias(), tables.users.alias()
        query = (
            sa.select(who_one.c.name, one.c.verdict, who_two.c.name, two.c.verdict)
            .select_from(one)
            .join(task_one, (task_one.c.id == one.c.task_id) & (task_one.c.stage == FIRST))
            .join(two, two.c.answer_id == one.c.answer_id)
            .join(task_two, (task_two.c.id == two.c.task_id) & (task_two.c.stage == SECOND))
            .join(who_one, who_one.c.id == one.c.reviewer_id)
            .join(who_two, who_two.c.id == two.c.reviewer_id)
            .where(self._within(user, one.c.answer_id))
            .order_by(two.c.id)
        )
        with self._database.reading() as connection:
            return [(a, Verdict(said), b, Verdict(other)) for a, said, b, other in connection.execute(query)]

    def choices(self, user: User) -> Choices:
        """Return the models and classes of what waits for `user`."""
        waiting = self._waiting(user, ALL).with_only_columns(_contexts.model, _contexts.classroom_id).subquery()
        rooms = tables.classrooms.c
        with self._database.reading() as connection:
            models = connection.execute(sa.select(waiting.c.model).distinct()).scalars().all()
            held = sa.select(rooms.id, rooms.held_on, rooms.audience).where(
                rooms.id.in_(sa.select(waiting.c.classroom_id))
            )
            classes = connection.execute(held.order_by(rooms.id.desc())).all()
        return Choices(
            tuple(sorted(filter(None, models))), tuple((row.id, row.held_on, row.audience) for row in classes)
        )

    def _waiting(self, user: User, filters: Filters) -> sa.Select:
        """Return the query of what `user` may review, held by somebody or not."""
        query = _joined().where(_tasks.done_at.is_(None), _not_reviewed_by(user), self._within(user, _tasks.answer_id))
        return query.where(*self._wanted(filters))

    def _wanted(self, filters: Filters) -> Iterable[sa.ColumnElement[bool]]:
        if filters.status:
            yield (_answers.status == filters.status) | _answers.status.startswith(
                f"{filters.status}_", autoescape=True
            )
        if filters.level:
            yield _contexts.level == filters.level
        if filters.guide_ids is not None:
            yield _answers.guide_id.in_(filters.guide_ids)
        if places := self._localities.within(filters.locality_id):
            yield _contexts.locality_id.in_(places)
        if filters.classroom_id is not None:
            yield _contexts.classroom_id == filters.classroom_id
        if filters.thumbs:
            helpful = tables.feedback.c.helpful
            yield helpful.is_(None) if filters.thumbs == "none" else helpful.is_(filters.thumbs == "up")
        if filters.least is not None:
            yield _contexts.confidence >= filters.least
        if filters.below is not None:
            yield _contexts.confidence < filters.below
        if filters.model:
            yield _contexts.model.is_(None) if filters.model == NO_MODEL else _contexts.model == filters.model
        if filters.since:
            yield _answers.asked_at >= filters.since.astimezone(UTC)
        if filters.until:
            yield _answers.asked_at < filters.until.astimezone(UTC)

    def _within(self, user: User | None, answer_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Return whether an answer was given in the reach of `user`: at their place, under it, or at none."""
        places = self._localities.within(user.locality_id) if user else None
        if places is None:
            return sa.true()
        placed = _contexts.locality_id.is_(None) | _contexts.locality_id.in_(places)
        return answer_id.in_(sa.select(_contexts.answer_id).where(placed))

    def _claim(
        self, connection: sa.Connection, user: User, task_id: int, free: sa.ColumnElement[bool], now: datetime
    ) -> bool:
        """Take an item by one conditional UPDATE, so that of two who try at once one fails; tell whether it was got."""
        mine = sa.update(tables.tasks).where(_tasks.id == task_id, _tasks.done_at.is_(None), free)
        mine = mine.where(_not_reviewed_by(user), self._within(user, _tasks.answer_id))
        return connection.execute(mine.values(claimed_by=user.id, claimed_until=now + CLAIM)).rowcount == 1

    def _go_on(self, connection: sa.Connection, task: sa.Row, verdict: Verdict, now: datetime) -> None:
        """Queue the review that is due next. A second one looks like a first, reason and all: it is blind."""
        if task.stage == FIRST and is_doubled(task.answer_id, self._double_review):
            add_task(connection, task.answer_id, SECOND, task.reason, task.priority, now)
        first = next((r for r in _history(connection, task.answer_id) if r.stage == FIRST), None)
        if task.stage == SECOND and first and first.verdict is not verdict:
            add_task(connection, task.answer_id, THIRD, "disagreement", URGENT, now)


def is_doubled(answer_id: str, share: float) -> bool:
    """Tell whether an answer is of the share that is reviewed twice; the same answer always is or never."""
    return int(sha256(answer_id.encode()).hexdigest()[:8], 16) < share * 2**32


_ORDER = (_tasks.priority.desc(), _tasks.id)


def _now() -> datetime:
    return datetime.now(UTC)


def _unheld(now: datetime) -> sa.ColumnElement[bool]:
    return _tasks.claimed_by.is_(None) | (_tasks.claimed_until < now)


def _is_mine(user: User) -> sa.ColumnElement[bool]:
    return (_tasks.claimed_by == user.id) & _tasks.done_at.is_(None)


def _free_for(user: User, now: datetime) -> sa.ColumnElement[bool]:
    return _unheld(now) | (_tasks.claimed_by == user.id)


def _held(user: User, now: datetime) -> sa.ColumnElement[int]:
    return sa.case(((_tasks.claimed_by == user.id) & (_tasks.claimed_until >= now), 1), else_=0)


def _not_reviewed_by(user: User) -> sa.ColumnElement[bool]:
    return _tasks.answer_id.not_in(sa.select(_reviews.answer_id).where(_reviews.reviewer_id == user.id))


def _follows(task_id: int) -> sa.ColumnElement[bool]:
    """Return whether a task comes after `task_id` in the queue."""
    before = tables.tasks.alias("before")
    priority = sa.select(before.c.priority).where(before.c.id == task_id).scalar_subquery()
    return (_tasks.priority < priority) | ((_tasks.priority == priority) & (_tasks.id > task_id))


def _joined() -> sa.Select:
    said = tables.feedback.c
    return (
        sa.select(
            tables.tasks, *tables.answers.c["asked_at", "question", "answer"], _text.label("said"),
            *tables.contexts.c["level", "mode", "model", "confidence", "hits", "locality_id", "classroom_id"],
            *tables.feedback.c["helpful", "reasons", "comment"],
        )
        .select_from(tables.tasks)
        .join(tables.answers, _answers.id == _tasks.answer_id)
        .join(tables.contexts, _contexts.answer_id == _tasks.answer_id)
        .outerjoin(tables.feedback, said.answer_id == _tasks.answer_id)
    )  # fmt: skip


def _says(row: sa.Row, text: str) -> bool:
    """Tell whether question or answer has the words; a database folds no Vietnamese, so that this is done here."""
    return fold(text) in fold(f"{row.question}\n{row.said}")


def _first(connection: sa.Connection, query: sa.Select, filters: Filters) -> sa.Row | None:
    rows = connection.execute(query if filters.text else query.limit(1))
    return next(islice((row for row in rows.all() if not filters.text or _says(row, filters.text)), 1), None)


def _item(row: sa.Row, user: User, mine: bool | None = None) -> QueueItem:
    feedback = (
        Feedback(row.answer_id, row.helpful, tuple(row.reasons), row.comment) if row.helpful is not None else None
    )
    return QueueItem(
        row.id, row.stage, row.reason, row.claimed_by == user.id if mine is None else mine,
        row.answer_id, row.asked_at, row.question, row.answer, row.level, row.mode, row.model, row.confidence,
        tuple(FoundPassage(**hit) for hit in row.hits), row.locality_id, row.classroom_id, feedback,
    )  # fmt: skip


def _row(review: ReviewDraft, task: sa.Row, user: User, now: datetime) -> dict[str, object]:
    cited = [{"number": c.number, "passage_id": c.passage_id, "digest": c.digest, "quote": c.quote} for c in review.citations]  # fmt: skip
    return {
        "task_id": task.id, "answer_id": task.answer_id, "reviewer_id": user.id, "at": now,
        "verdict": review.verdict.value, "reasons": list(review.reasons), "marked": mask(review.marked),
        "correction": masked(review.correction, [c.quote for c in review.citations]), "citations": cited, "note": mask(review.note),
    }  # fmt: skip


def _given() -> sa.Select:
    return (
        sa.select(tables.reviews, _tasks.stage, tables.users.c.shown)
        .join(tables.tasks, _tasks.id == _reviews.task_id)
        .join(tables.users, tables.users.c.id == _reviews.reviewer_id)
    )


def _history(connection: sa.Connection, answer_id: str) -> list[Review]:
    rows = connection.execute(_given().where(_reviews.answer_id == answer_id).order_by(_tasks.stage, _reviews.id))
    return [_review(row) for row in rows]


def _review(row: sa.Row) -> Review:
    return Review(
        Verdict(row.verdict), tuple(row.reasons), row.marked, row.correction,
        tuple(CuratedCitation(**cited) for cited in row.citations), row.note,
        id=row.id, answer_id=row.answer_id, stage=row.stage, reviewer_id=row.reviewer_id, reviewer=row.shown, at=row.at,
    )  # fmt: skip
