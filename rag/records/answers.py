"""Answers as they were given (masked), where they were given and what they rested on, and what learners say about them.

Nothing that could name a learner is stored: no address, no account, and every text goes through `rag.privacy.mask`. Rows go
beside the statement, not into it: SQLAlchemy keeps the statements it has compiled, and a class's end must reach what was said.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from rag.answers import Answer, Hit, answer_json
from rag.clock import local_day
from rag.errors import ClassEndedError, RecordError
from rag.privacy import mask
from rag.records import tables
from rag.records.classrooms import keep_open
from rag.records.database import Database
from rag.records.movement import count
from rag.records.tasks import FIRST, LIKELY_WRONG, add_task, raise_priority
from rag.text import fold, syllables

MAX_COMMENT_CHARS = 1000
_HITS = 8
_HELPED = {"answered", "partial", "safety"}


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a learner says about one answer; `reasons` are the texts of the boxes ticked."""

    answer_id: str
    helpful: bool
    reasons: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Where an answer was given and what it rested on: passages found, best first; the index generation; the class and the
    learner's number in it; whether a conversation begins with it.
    """

    hits: Sequence[Hit] = ()
    generation: str = ""
    locality_id: str | None = None
    classroom_id: int | None = None
    member: int | None = None
    first: bool = False


class Answers:
    """The answers of an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, answer: Answer, context: Context | None = None) -> None:
        """Store an answer under its id, whose question is masked already, and queue it for review.

        Raises RecordError, and ClassEndedError for a class that ended meanwhile.
        """
        context, now = context or Context(), datetime.now(UTC)
        try:
            with self._database.writing() as connection:
                keep_open(connection, context.classroom_id)
                insert_answer(connection, answer, context, now)
                add_task(connection, answer.id, FIRST, "new", LIKELY_WRONG[answer.status.group], now)
                _count(connection, answer, context, local_day(now))
        except ClassEndedError:
            raise
        except RecordError as error:
            raise RecordError(f"the answer {answer.id} cannot be stored: {error}") from error

    def give_feedback(self, feedback: Feedback) -> None:
        """Store feedback in place of any earlier one on the same answer. Raises RecordError for an unknown answer."""
        row = {
            "answer_id": feedback.answer_id, "given_at": datetime.now(UTC), "helpful": feedback.helpful,
            "reasons": list(feedback.reasons), "comment": mask(feedback.comment)[:MAX_COMMENT_CHARS],
        }  # fmt: skip
        with self._database.writing() as connection:
            known = sa.select(tables.answers.c.id).where(tables.answers.c.id == feedback.answer_id)
            known = known.with_for_update()  # of two at once, the later one replaces the other
            if connection.execute(known).first() is None:
                raise RecordError(f"no answer {feedback.answer_id!r} is stored")
            connection.execute(sa.delete(tables.feedback).where(tables.feedback.c.answer_id == feedback.answer_id))
            connection.execute(sa.insert(tables.feedback), row)
            if not feedback.helpful:
                raise_priority(connection, feedback.answer_id)

    def frequent(self, since: datetime, limit: int) -> list[str]:
        """Return the questions asked most often since then, the commonest first; those alike but for marks and case are one."""
        asked = sa.func.count().label("asked")
        query = sa.select(tables.answers.c.question, asked).where(tables.answers.c.asked_at >= since)
        counts: Counter[str] = Counter()
        commonest: dict[str, str] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query.group_by(tables.answers.c.question).order_by(asked.desc())):
                key = " ".join(syllables(fold(row.question)))
                counts[key] += row.asked
                commonest.setdefault(key, row.question)
        return [commonest[key] for key, _ in counts.most_common(limit)]

    def feedback(self) -> list[tuple[str, Feedback]]:
        """Return (question, feedback) of every answer that has some, newest first."""
        query = (
            sa.select(tables.answers.c.question, tables.feedback)
            .join(tables.answers, tables.answers.c.id == tables.feedback.c.answer_id)
            .order_by(tables.feedback.c.given_at.desc())
        )
        with self._database.reading() as connection:
            return [
                (row.question, Feedback(row.answer_id, row.helpful, tuple(row.reasons), row.comment))
                for row in connection.execute(query)
            ]


def _count(connection: sa.Connection, answer: Answer, context: Context, day: date) -> None:
    """Count for the report what happens outside of a class; a class is counted when it ends."""
    if context.classroom_id is not None:
        return
    happened = {"people": context.first, "questions": True, "answered": answer.status.group in _HELPED}
    for measure in (measure for measure, did in happened.items() if did):
        count(connection, day, context.locality_id, "", measure)


def insert_answer(connection: sa.Connection, answer: Answer, context: Context, now: datetime) -> None:
    """Store an answer with its context, within the caller's transaction."""
    row = {
        "id": answer.id, "asked_at": now, "question": answer.question, "status": answer.status.value,
        "guide_id": next(iter(answer.guide_ids), None), "answer": answer_json(answer),
    }  # fmt: skip
    connection.execute(sa.insert(tables.answers), row)
    connection.execute(sa.insert(tables.contexts), _context_row(answer, context))


def _context_row(answer: Answer, context: Context) -> dict[str, object]:
    hits = [
        {"passage_id": hit.passage.id, "digest": hit.passage.digest, "score": round(hit.score, 4)}
        for hit in context.hits[:_HITS]
    ]
    return {
        "answer_id": answer.id, "level": answer.level, "mode": answer.mode, "model": answer.model,
        "confidence": answer.confidence, "generation": context.generation, "hits": hits,
        "locality_id": context.locality_id, "classroom_id": context.classroom_id, "member": context.member,
    }  # fmt: skip
