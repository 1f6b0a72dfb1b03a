"""Approved answers: served first while what they cite stands, and sent back to the queue when it does not."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa

from rag.answers import Answer, AnswerStatus
from rag.curated import CuratedAnswer, CuratedCitation
from rag.errors import RecordError
from rag.privacy import mask
from rag.records import tables
from rag.records.accounts import User
from rag.records.answers import Context, insert_answer
from rag.records.audit import note
from rag.records.database import Database
from rag.records.tasks import FIRST, LAPSED, URGENT, add_task
from rag.text import clean, fold


class CuratedState(StrEnum):
    """Whether an approved answer is served."""

    LIVE = "live"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class CuratedRow:
    """An approved answer with its life: why it lapsed, how often it was given, and the answer that it was made from."""

    answer: CuratedAnswer
    state: CuratedState
    lapses: tuple[str, ...]
    hits: int
    last_hit_at: datetime | None
    answer_id: str | None


class CuratedAnswers:
    """The approved answers of an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def approve(
        self, user: User, question: str, text: str, citations: Sequence[CuratedCitation], answer_id: str | None = None,
        more: str | None = None, also: Sequence[str] = (),
    ) -> str:  # fmt: skip
        """Serve an answer from now on, in place of any earlier one to the same question; return its id. Raises RecordError."""
        question = clean(mask(question))
        row = {
            "question": question, "also": [clean(mask(other)) for other in also], "text": mask(text),
            "more": mask(more) if more else None, "citations": [asdict(c) for c in citations], "answer_id": answer_id,
            "approved_by": user.shown, "approved_at": datetime.now(UTC), "state": CuratedState.LIVE, "lapses": [], "hits": 0,
        }  # fmt: skip
        with self._database.writing() as connection:
            for number in _answers_to(connection, question):
                _set(connection, number, state=CuratedState.WITHDRAWN)
            made = connection.execute(sa.insert(tables.curated), row).inserted_primary_key
            if made is None:
                raise RecordError("the approved answer has no number")
            note(connection, user.name, "curated-approved", made[0])
            return str(made[0])

    def live(self) -> list[CuratedAnswer]:
        """Return what may be served."""
        return [row.answer for row in self.all() if row.state is CuratedState.LIVE]

    def all(self) -> list[CuratedRow]:
        """Return every approved answer, newest first."""
        with self._database.reading() as connection:
            return [
                _row(row) for row in connection.execute(sa.select(tables.curated).order_by(tables.curated.c.id.desc()))
            ]

    def lapsed_from(self, answer_id: str) -> CuratedRow | None:
        """Return the newest lapsed one that was made from an answer."""
        return next((r for r in self.all() if r.answer_id == answer_id and r.state is CuratedState.LAPSED), None)

    def lapse(self, curated_id: str, reasons: Sequence[str]) -> bool:
        """Take a live answer out of service and queue it; return whether it was live (another process may have been faster)."""
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            mine = (tables.curated.c.id == int(curated_id)) & (tables.curated.c.state == CuratedState.LIVE)
            changed = sa.update(tables.curated).where(mine).values(state=CuratedState.LAPSED, lapses=list(reasons))
            if not connection.execute(changed).rowcount:
                return False
            row = connection.execute(sa.select(tables.curated).where(tables.curated.c.id == int(curated_id))).one()
            add_task(connection, row.answer_id or _stand_in(connection, row, now), FIRST, LAPSED, URGENT, now)
            note(connection, "", "curated-lapsed", curated_id, reasons=list(reasons))
            return True

    def withdraw(self, user: User, curated_id: str) -> None:
        """Serve an answer no more. Raises RecordError for an unknown one."""
        with self._database.writing() as connection:
            if not _set(connection, int(curated_id), state=CuratedState.WITHDRAWN):
                raise RecordError(f"there is no approved answer {curated_id}")
            note(connection, user.name, "curated-withdrawn", curated_id)

    def withdraw_answers_to(self, user: User, question: str) -> int:
        """Serve no more what was approved for a question; return how many answers those were."""
        with self._database.writing() as connection:
            numbers = _answers_to(connection, question)
            for number in numbers:
                _set(connection, number, state=CuratedState.WITHDRAWN)
                note(connection, user.name, "curated-withdrawn", number)
            return len(numbers)

    def count_hit(self, curated_id: str) -> None:
        """Note that an answer was given to a learner."""
        hits = tables.curated.c.hits + 1
        with self._database.writing() as connection:
            _set(connection, int(curated_id), hits=hits, last_hit_at=datetime.now(UTC))


_in_use = tables.curated.c.state != CuratedState.WITHDRAWN


def _answers_to(connection: sa.Connection, question: str) -> list[int]:
    """Return the numbers of the answers in use to a question, marks and capitals aside."""
    rows = connection.execute(sa.select(tables.curated.c.id, tables.curated.c.question).where(_in_use))
    return [row.id for row in rows if fold(row.question) == fold(clean(question))]


def _set(connection: sa.Connection, number: int, **values: object) -> bool:
    changed = sa.update(tables.curated).where(tables.curated.c.id == number).values(values)
    return bool(connection.execute(changed).rowcount)


def _row(row: sa.Row) -> CuratedRow:
    citations = tuple(CuratedCitation(**c) for c in row.citations)
    answer = CuratedAnswer(
        str(row.id), row.question, tuple(row.also), row.text, row.more, citations, row.approved_by, row.approved_at
    )
    return CuratedRow(answer, CuratedState(row.state), tuple(row.lapses), row.hits, row.last_hit_at, row.answer_id)


def _stand_in(connection: sa.Connection, row: sa.Row, now: datetime) -> str:
    """Store an approved answer as an answer that can be reviewed, where the one it was made from has gone; return its id."""
    answer = Answer(
        uuid.uuid4().hex, row.question, AnswerStatus.ANSWERED, row.text, row.more, mode="curated", level="documented"
    )
    insert_answer(connection, answer, Context(), now)
    _set(connection, row.id, answer_id=answer.id)
    return answer.id
