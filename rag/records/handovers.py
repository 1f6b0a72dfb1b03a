"""Questions that learners hand over to a person, and what trainers reply. Nobody has an account for it: a code opens the reply.

Only a keyed digest of the code is stored. Question, note and reply are masked, and gone once they have expired.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from rag.answers import AnswerStatus, Citation
from rag.clock import local_day
from rag.gaps import Unanswered
from rag.privacy import mask
from rag.records import tables
from rag.records.accounts import User
from rag.records.audit import note as audit_note
from rag.records.database import Database
from rag.records.localities import Localities
from rag.records.movement import count
from rag.sheets import Source

# 25 signs, 244,140,625 codes. Of those that look alike one at most is here (D for O, 0 and Q; 2 for Z; 5 for S; 6 for G; 8 for B; V
# for U) and is read for the others; 1, I and L are not used at all.
ALPHABET = "ACDEFHJKMNPRTVWXY23456789"
CODE_CHARS = 6
_READ_AS = str.maketrans("OQ0ZSGBU", "DDD2568V")
MAX_NOTE_CHARS, MAX_REPLY_CHARS, MAX_SOURCE_CHARS = 500, 3000, 300
CLAIM = timedelta(minutes=20)
# What a guide could have answered. Politics, illness, law, own records and the wish for a person are declined on purpose.
_GAPS = (AnswerStatus.PARTIAL, AnswerStatus.DECLINED_NO_SOURCE, AnswerStatus.DECLINED_OUT_OF_SCOPE)
# Grouping takes memory with the square of this.
_MAX_UNANSWERED = 2000
_MAX_QUEUE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored answer that may be handed over: its masked question, its JSON, and where it was given."""

    question: str
    answer: dict[str, Any]
    locality_id: str | None
    classroom_id: int | None

    @property
    def wants_person(self) -> bool:
        """Tell whether the question only asked for a person: what it is about is still to be said."""
        return self.answer["status"] == AnswerStatus.DECLINED_PERSON


@dataclass(frozen=True, slots=True)
class Handover:
    """A question for a person. `reply` is Markdown with [n] marks for `citations`; `source` names what it rests on where no guide
    says it; `replied_by` is the name that learners read.
    """

    id: int
    question: str
    note: str
    answer_id: str | None
    locality_id: str | None
    classroom_id: int | None
    asked_at: datetime
    until: datetime
    claimed_by: int | None = None
    claimed_until: datetime | None = None
    reply: str | None = None
    citations: tuple[Citation, ...] = ()
    source: str = ""
    replied_by: str | None = None
    replied_at: datetime | None = None
    read_at: datetime | None = None

    def claimed(self, user: User) -> bool:
        """Tell whether it waits for this user's reply."""
        return self._claimed_now and self.claimed_by == user.id

    def taken(self, user: User) -> bool:
        """Tell whether it waits for somebody else's reply."""
        return self._claimed_now and self.claimed_by != user.id

    @property
    def _claimed_now(self) -> bool:
        return self.reply is None and self.claimed_until is not None and self.claimed_until > datetime.now(UTC)


def new_code() -> str:
    """Return a fresh code, as it is typed: "K7M2XA"."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))


def read_code(typed: str) -> str | None:
    """Return the code that somebody typed, or None where it cannot be one: "k7m-2 xa" → "K7M2XA"."""
    code = "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_READ_AS)
    return code if len(code) == CODE_CHARS and set(code) <= set(ALPHABET) else None


class Handovers:
    """The hand-overs of an open database. A trainer sees those of the own locality, of any under it, and of none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._localities = Localities(database)

    def asked(self, answer_id: str) -> Asked | None:
        """Return the stored answer that a learner wants to hand over."""
        query = (
            sa.select(tables.answers, tables.contexts.c.locality_id, tables.contexts.c.classroom_id)
            .outerjoin(tables.contexts, tables.contexts.c.answer_id == tables.answers.c.id)
            .where(tables.answers.c.id == answer_id)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return Asked(row.question, row.answer, row.locality_id, row.classroom_id) if row else None

    def ask(
        self, digest: str, question: str, note: str, answer_id: str | None, locality_id: str | None,
        classroom_id: int | None, until: datetime,
    ) -> None:  # fmt: skip
        """Store a question for a person under its code's digest, and sweep. Raises RecordError for a digest that is taken or a
        locality that is not there.
        """
        row = {
            "digest": digest, "question": mask(question), "note": mask(note)[:MAX_NOTE_CHARS], "answer_id": answer_id,
            "locality_id": locality_id, "classroom_id": classroom_id, "asked_at": datetime.now(UTC), "until": until,
            "citations": [], "source": "",
        }  # fmt: skip
        with self._database.writing() as connection:
            _sweep(connection)
            connection.execute(sa.insert(tables.handovers), row)
            count(connection, local_day(datetime.now(UTC)), locality_id, "", "handovers")

    def read(self, digest: str) -> Handover | None:
        """Return what a code opens, or None: wrong or expired. The first look at a reply is kept."""
        here = (tables.handovers.c.digest == digest) & _live()
        with self._database.reading() as connection:
            row = connection.execute(sa.select(tables.handovers).where(here)).first()
        if row is not None and row.reply is not None and row.read_at is None:
            with self._database.writing() as connection:
                _changed(connection, here, {"read_at": datetime.now(UTC)})
        return _handover(row) if row else None

    def forget(self, digest: str) -> bool:
        """Delete what a code opens; tell whether there was anything."""
        with self._database.writing() as connection:
            gone = sa.delete(tables.handovers).where(tables.handovers.c.digest == digest)
            return connection.execute(gone).rowcount == 1

    def queue(self, user: User) -> list[Handover]:
        """Return what a trainer may see, the unanswered first, each the oldest first."""
        answered = tables.handovers.c.reply.is_not(None)
        query = sa.select(tables.handovers).where(self._seen_by(user))
        query = query.order_by(answered, tables.handovers.c.asked_at, tables.handovers.c.id).limit(_MAX_QUEUE)
        with self._database.reading() as connection:
            return [_handover(row) for row in connection.execute(query)]

    def get(self, user: User, handover_id: int) -> Handover | None:
        """Return a hand-over that a trainer may see."""
        here = (tables.handovers.c.id == handover_id) & self._seen_by(user)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(tables.handovers).where(here)).first()
        return _handover(row) if row else None

    def claim(self, user: User, handover_id: int) -> bool:
        """Keep others from answering it for 20 minutes; tell whether it was free, or the user's already."""
        free = self._free_for(user, handover_id)
        with self._database.writing() as connection:
            return _changed(connection, free, {"claimed_by": user.id, "claimed_until": datetime.now(UTC) + CLAIM})

    def release(self, user: User, handover_id: int) -> None:
        """Give a claim back."""
        mine = (tables.handovers.c.id == handover_id) & (tables.handovers.c.claimed_by == user.id)
        with self._database.writing() as connection:
            _changed(connection, mine, {"claimed_by": None, "claimed_until": None})

    def reply(
        self, user: User, handover_id: int, text: str, citations: Sequence[Citation] = (), source: str = ""
    ) -> bool:
        """Store a reply, masked; tell whether it was the user's to give: seen, unanswered, and not claimed by another."""
        free = self._free_for(user, handover_id)
        values = {
            "reply": mask(text)[:MAX_REPLY_CHARS], "citations": [asdict(citation) for citation in citations],
            "source": mask(source)[:MAX_SOURCE_CHARS], "replied_by": user.shown, "replied_at": datetime.now(UTC),
            "claimed_by": user.id, "claimed_until": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            if not _changed(connection, free, values):
                return False
            passages = [citation.passage_id for citation in citations]
            audit_note(
                connection, user.name, "handover-replied", handover_id, passages=passages, own_source=bool(source)
            )
        return True

    def withdraw(self, user: User, handover_id: int) -> bool:
        """Take a reply back, so that the question waits again; tell whether there was one that the user may see."""
        replied = (tables.handovers.c.id == handover_id) & tables.handovers.c.reply.is_not(None) & self._seen_by(user)
        empty = {
            "reply": None, "citations": [], "source": "", "replied_by": None, "replied_at": None, "claimed_by": None,
            "claimed_until": None, "read_at": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            if not _changed(connection, replied, empty):
                return False
            audit_note(connection, user.name, "handover-withdrawn", handover_id)
        return True

    def sweep(self) -> int:
        """Delete what has expired, question and reply; return how many there were."""
        with self._database.writing() as connection:
            return _sweep(connection)

    def unanswered(self, user: User, since: datetime) -> list[Unanswered]:
        """Return the newest questions that no guide answered, or answered in part, or that were handed over, where the user looks."""
        answers, contexts, handovers = tables.answers.c, tables.contexts.c, tables.handovers.c
        place = sa.func.coalesce(handovers.locality_id, contexts.locality_id)
        question = sa.func.coalesce(handovers.question, answers.question)
        query = (
            sa.select(question.label("question"), answers.asked_at, contexts.classroom_id, contexts.member)
            .distinct()
            .outerjoin(tables.contexts, contexts.answer_id == answers.id)
            .outerjoin(tables.handovers, handovers.answer_id == answers.id)
            .where(answers.asked_at >= since)
            .where(answers.status.in_([status.value for status in _GAPS]) | handovers.id.is_not(None))
            .where(self._in_scope(user, place))
            .order_by(answers.asked_at.desc())
            .limit(_MAX_UNANSWERED)
        )
        with self._database.reading() as connection:
            return [
                Unanswered(
                    row.question, row.asked_at.date(), f"{row.classroom_id}-{row.member}" if row.member else None
                )
                for row in connection.execute(query)
            ]

    def _in_scope(self, user: User, place: sa.ColumnElement) -> sa.ColumnElement[bool]:
        within = self._localities.within(user.locality_id)
        return sa.true() if within is None else place.is_(None) | place.in_(within)

    def _seen_by(self, user: User) -> sa.ColumnElement[bool]:
        return self._in_scope(user, tables.handovers.c.locality_id) & _live()

    def _free_for(self, user: User, handover_id: int) -> sa.ColumnElement[bool]:
        row = tables.handovers.c
        free = row.claimed_until.is_(None) | (row.claimed_until < datetime.now(UTC)) | (row.claimed_by == user.id)
        return (row.id == handover_id) & row.reply.is_(None) & free & self._seen_by(user)


def _live() -> sa.ColumnElement[bool]:
    return tables.handovers.c.until > datetime.now(UTC)


def _sweep(connection: sa.Connection) -> int:
    expired = tables.handovers.c.until <= datetime.now(UTC)
    return connection.execute(sa.delete(tables.handovers).where(expired)).rowcount


def _changed(connection: sa.Connection, where: sa.ColumnElement[bool], values: dict[str, object]) -> bool:
    return connection.execute(sa.update(tables.handovers).where(where).values(values)).rowcount == 1


def _handover(row: sa.Row) -> Handover:
    citations = tuple(
        Citation(**{**cited, "sources": tuple(Source(**source) for source in cited["sources"])})
        for cited in row.citations
    )
    fields = {name: value for name, value in row._mapping.items() if name not in {"digest", "citations"}}
    return Handover(citations=citations, **fields)
