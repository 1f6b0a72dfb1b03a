"""Versions that learners were or may be answered from: what each was made of, what the gate said, who published it and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from rag.errors import RecordError
from rag.records import tables
from rag.records.audit import note
from rag.records.changes import reopen, set_published
from rag.records.database import Database


class PublicationState(StrEnum):
    """How far a version has come."""

    BUILDING = "building"
    BLOCKED = "blocked"
    READY = "ready"
    FAILED = "failed"
    PUBLISHED = "published"
    ROLLED_BACK = "rolled-back"


@dataclass(frozen=True, slots=True)
class Publication:
    """A version. `failing` are {case, question, why}, `differences` {question, old, new}; `generation` is "" until it is built."""

    id: int
    generation: str
    edition: str
    prompts: str
    model: str
    changes: tuple[int, ...]
    made_by: str
    made_at: datetime
    state: PublicationState
    failing: tuple[Mapping[str, str], ...]
    differences: tuple[Mapping[str, str], ...]
    message: str
    published_by: str | None
    published_at: datetime | None
    override_reason: str | None


@dataclass(frozen=True, slots=True)
class Override:
    """Who answers for publishing a version although a regression case fails, and why."""

    by: str
    reason: str


_S = PublicationState
_WAITING = (_S.BLOCKED, _S.READY)
_P = tables.publications.c


class Publications:
    """The publications of an open database. `who` is the account's name for the audit, `shown` what others read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, shown: str, changes: Sequence[int]) -> int:
        """Begin a candidate with these changes, in place of one that waits; return its id. Raises RecordError while one is built."""
        with self._database.writing() as connection:
            if connection.execute(sa.select(_P.id).where(_P.state == _S.BUILDING)).first():
                raise RecordError("another version is being built")
            _overtake(connection)
            number = _insert(connection, made_by=shown, changes=list(changes), state=_S.BUILDING)
            note(connection, who, "publication-begun", number, changes=list(changes))
            return number

    def built(
        self, number: int, made_of: Mapping[str, str], failing: Sequence[Mapping[str, str]],
        differences: Sequence[Mapping[str, str]],
    ) -> None:  # fmt: skip
        """Note a finished candidate, ready or blocked; `made_of` has generation, edition, prompts and model."""
        state = _S.BLOCKED if failing else _S.READY
        with self._database.writing() as connection:
            made = {**made_of, "failing": list(failing), "differences": list(differences)}
            _move(connection, number, (_S.BUILDING,), state=state, **made)
            note(connection, "", f"publication-{state}", number, failing=[row["case"] for row in failing])

    def judge(self, number: int, failing: Sequence[Mapping[str, str]]) -> None:
        """Note which cases fail now of a candidate that waits: some may have been made or withdrawn since it was checked."""
        state = _S.BLOCKED if failing else _S.READY
        with self._database.writing() as connection:
            _move(connection, number, _WAITING, state=state, failing=list(failing))
            note(connection, "", f"publication-{state}", number, failing=[row["case"] for row in failing])

    def fail(self, number: int, message: str) -> None:
        """Note why there is no candidate: a Vietnamese sentence for trainers."""
        with self._database.writing() as connection:
            _move(connection, number, (_S.BUILDING, *_WAITING), state=_S.FAILED, message=message)
            note(connection, "", "publication-failed", number)

    def abandon(self, message: str) -> None:
        """Note of candidates that a program was building when it ended that they came to nothing."""
        with self._database.writing() as connection:
            for number in connection.execute(sa.select(_P.id).where(_P.state == _S.BUILDING)).scalars().all():
                _move(connection, number, (_S.BUILDING,), state=_S.FAILED, message=message)
                note(connection, "", "publication-failed", number)

    def publish(self, number: int, who: str, shown: str, override: Override | None = None) -> None:
        """Note that a candidate is served from now on. Raises RecordError for one that is not ready, or blocked without override."""
        with self._database.writing() as connection:
            found = _known(connection, number)
            of = _WAITING if override else (_S.READY,)
            _move(
                connection, number, of, state=_S.PUBLISHED, published_by=shown, published_at=datetime.now(UTC),
                override_reason=f"{override.by}: {override.reason}" if override else None,
            )  # fmt: skip
            _overtake(connection)
            set_published(connection, who, found.changes)
            _note_published(connection, who, found, override)

    def admit(
        self, who: str, made_of: Mapping[str, str], failing: Sequence[Mapping[str, str]] = (), override: Override | None = None
    ) -> None:  # fmt: skip
        """Note that a version which no page prepared is served: the first one, or one that an operator brought."""
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            _overtake(connection)
            number = _insert(
                connection, **made_of, made_by=who, failing=list(failing), state=_S.PUBLISHED, published_by=override.by if override else who,
                published_at=now, override_reason=f"{override.by}: {override.reason}" if override else None,
            )  # fmt: skip
            _note_published(connection, who, _known(connection, number), override)

    def roll_back(self, number: int, who: str, shown: str) -> None:
        """Note that an earlier version is served again. Changes that learners lose by it wait for a second person again.

        Raises RecordError for a version that was never published.
        """
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            target = _known(connection, number)
            if target.state not in (_S.PUBLISHED, _S.ROLLED_BACK) or target.published_at is None:
                raise RecordError(f"publication {number} was never published")
            later = (_P.state == _S.PUBLISHED) & (_P.published_at > target.published_at)
            undone = [_publication(row) for row in connection.execute(sa.select(tables.publications).where(later))]
            for other in undone:
                _move(connection, other.id, (_S.PUBLISHED,), state=_S.ROLLED_BACK)
                reopen(connection, who, other.changes)
            _overtake(connection)
            again = target.changes if target.state is _S.ROLLED_BACK else ()
            _insert(
                connection, generation=target.generation, edition=target.edition, prompts=target.prompts, model=target.model,
                changes=list(again), made_by=shown, state=_S.PUBLISHED, published_by=shown, published_at=now, message=_AGAIN,
            )  # fmt: skip
            set_published(connection, who, again)
            note(connection, who, "rolled-back", number, generation=target.generation, undone=[o.id for o in undone])

    def newest(self) -> Publication | None:
        """Return the version that was published last."""
        query = sa.select(tables.publications).where(_P.state == _S.PUBLISHED)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(_P.published_at.desc(), _P.id.desc())).first()
        return _publication(row) if row else None

    def candidate(self) -> Publication | None:
        """Return the newest version if it is not published: being built, waiting, or failed."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(tables.publications).order_by(_P.id.desc())).first()
        found = _publication(row) if row else None
        return found if found and found.published_at is None else None

    def get(self, number: int) -> Publication:
        """Return a publication. Raises RecordError for an unknown one."""
        with self._database.reading() as connection:
            return _known(connection, number)

    def published(self, limit: int = 20) -> list[Publication]:
        """Return the versions that were published, newest first, those that were taken back among them."""
        query = sa.select(tables.publications).where(_P.published_at.is_not(None)).order_by(_P.published_at.desc())
        with self._database.reading() as connection:
            return [_publication(row) for row in connection.execute(query.limit(limit))]


_AGAIN = "Quay lại bản trước."
_OVERTAKEN = "Bản đang dùng đã đổi, nên bản chuẩn bị này không dùng được nữa. Bạn chuẩn bị lại nhé."


def _overtake(connection: sa.Connection) -> None:
    """Set aside what waits: it was made from the version that was in use, and compared with it."""
    waiting = sa.update(tables.publications).where(_P.state.in_(_WAITING))
    connection.execute(waiting.values(state=_S.FAILED, message=_OVERTAKEN))


def _insert(connection: sa.Connection, **values: Any) -> int:
    row = {
        "generation": "", "edition": "", "prompts": "", "model": "", "changes": [], "made_at": datetime.now(UTC),
        "failing": [], "differences": [], "message": "", **values,
    }  # fmt: skip
    made = connection.execute(sa.insert(tables.publications).values(row)).inserted_primary_key
    if made is None:
        raise RecordError("the publication has no number")
    return made[0]


def _move(connection: sa.Connection, number: int, of: Sequence[PublicationState], **values: Any) -> None:
    mine = (_P.id == number) & _P.state.in_(of)
    if not connection.execute(sa.update(tables.publications).where(mine).values(values)).rowcount:
        raise RecordError(f"publication {number} is not {' or '.join(of)}")


def _note_published(connection: sa.Connection, who: str, found: Publication, override: Override | None) -> None:
    detail: dict[str, Any] = {"generation": found.generation, "changes": list(found.changes)}
    if override:
        failing = [row["case"] for row in found.failing]
        detail |= {"override_by": override.by, "reason": override.reason, "failing": failing}
    note(connection, who, "published-over-failing-cases" if override else "published", found.id, **detail)


def _known(connection: sa.Connection, number: int) -> Publication:
    row = connection.execute(sa.select(tables.publications).where(_P.id == number)).first()
    if row is None:
        raise RecordError(f"there is no publication {number}")
    return _publication(row)


def _publication(row: sa.Row) -> Publication:
    return Publication(
        row.id, row.generation, row.edition, row.prompts, row.model, tuple(row.changes), row.made_by, row.made_at,
        PublicationState(row.state), tuple(row.failing), tuple(row.differences), row.message, row.published_by,
        row.published_at, row.override_reason,
    )  # fmt: skip
