"""Changes that trainers propose to guides and fact sheets: a second person decides, a publication brings them to learners."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa

from rag.errors import RecordError
from rag.records import tables
from rag.records.accounts import User
from rag.records.audit import note
from rag.records.database import Database


class ChangeState(StrEnum):
    """How far a change has come."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a change rests on: `date` is ISO or "", `url` https or "", `file` the name of the stored document or ""."""

    publisher: str
    title: str
    url: str
    date: str
    official: bool
    file: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file's whole new text; `path` is in the corpus, `base` the sha256 of the served file that was edited ("": none)."""

    path: str
    base: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed change of one file. `together` are the ids of those that were proposed with it, itself included: they are
    decided and published as one. `proposer`, `decider` are names as others read them.
    """

    id: int
    draft: Draft
    reason: str
    evidence: Evidence
    together: tuple[int, ...]
    proposer_id: int
    proposer: str
    proposed_at: datetime
    decider: str | None
    decided_at: datetime | None
    state: ChangeState
    note: str


_OPEN = (ChangeState.PROPOSED, ChangeState.APPROVED)
_T = tables.changes.c
_proposers, _deciders = tables.users.alias("proposers"), tables.users.alias("deciders")


class Changes:
    """The changes of an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def propose(self, user: User, drafts: Sequence[Draft], reason: str, evidence: Evidence) -> list[int]:
        """Store changes that belong together; return their ids. Raises RecordError when a file has an open change already."""
        with self._database.writing() as connection:
            return propose_changes(connection, user, drafts, reason, evidence)

    def all(self, *states: ChangeState, proposer: User | None = None) -> list[Change]:
        """Return the changes, newest first; those of some states or of one proposer if wanted."""
        query = _query().order_by(_T.id.desc())
        if states:
            query = query.where(_T.state.in_(states))
        if proposer:
            query = query.where(_T.proposed_by == proposer.id)
        with self._database.reading() as connection:
            return [_change(row) for row in connection.execute(query)]

    def get(self, number: int) -> Change:
        """Return a change. Raises RecordError for an unknown one."""
        with self._database.reading() as connection:
            return _known(connection, number)

    def open_for(self, path: str) -> Change | None:
        """Return the change of a file that waits to be decided or published."""
        with self._database.reading() as connection:
            row = connection.execute(_query().where(_T.path == path, _T.state.in_(_OPEN))).first()
        return _change(row) if row else None

    def approve(self, user: User, number: int) -> None:
        """Approve a change and those with it. Raises RecordError for the proposer's own, or one that is decided already."""
        with self._database.writing() as connection:
            change = _known(connection, number)
            if change.proposer_id == user.id:
                raise RecordError(f"change {number} needs a second person")
            _decide(connection, user, change, ChangeState.APPROVED, (ChangeState.PROPOSED,))

    def refuse(self, user: User, number: int, reason: str) -> None:
        """Refuse a change and those with it, or take back one's own; an approved one too, as long as it is not published.

        Raises RecordError for one that is published or refused already.
        """
        with self._database.writing() as connection:
            _decide(connection, user, _known(connection, number), ChangeState.REFUSED, _OPEN, reason)


def propose_changes(
    connection: sa.Connection, user: User, drafts: Sequence[Draft], reason: str, evidence: Evidence
) -> list[int]:
    """Store, in the transaction of a proposal, changes that belong together; return their ids. Raises RecordError."""
    now = datetime.now(UTC)
    taken = sa.select(_T.path).where(_T.path.in_([draft.path for draft in drafts]), _T.state.in_(_OPEN))
    if path := connection.execute(taken).scalar():
        raise RecordError(f"{path} has a change that is not decided or not published yet")
    ids = [_insert(connection, user, draft, reason, now) for draft in drafts]
    together = sa.update(tables.changes).where(_T.id.in_(ids))
    connection.execute(together.values(source={**asdict(evidence), "together": ids}))
    for number, draft in zip(ids, drafts, strict=True):
        note(connection, user.name, "change-proposed", number, path=draft.path)
    return ids


def set_published(connection: sa.Connection, who: str, numbers: Iterable[int]) -> None:
    """Note, in the transaction of a publication, that learners have these changes now."""
    _set_state(connection, who, numbers, ChangeState.PUBLISHED, "change-published")


def reopen(connection: sa.Connection, who: str, numbers: Iterable[int]) -> None:
    """Let changes that were taken back from learners wait for a second person again."""
    _set_state(connection, who, numbers, ChangeState.PROPOSED, "change-reopened", decided_by=None, decided_at=None)


def _set_state(
    connection: sa.Connection, who: str, numbers: Iterable[int], state: ChangeState, action: str, **more: object
) -> None:
    for number in numbers:
        connection.execute(sa.update(tables.changes).where(_T.id == number).values(state=state, **more))
        note(connection, who, action, number)


def _insert(connection: sa.Connection, user: User, draft: Draft, reason: str, now: datetime) -> int:
    row = {
        **asdict(draft), "reason": reason, "source": {}, "proposed_by": user.id, "proposed_at": now,
        "state": ChangeState.PROPOSED, "note": "",
    }  # fmt: skip
    made = connection.execute(sa.insert(tables.changes).values(row)).inserted_primary_key
    if made is None:
        raise RecordError("the change has no number")
    return made[0]


def _decide(
    connection: sa.Connection, user: User, change: Change, state: ChangeState, of: Sequence[ChangeState], said: str = ""
) -> None:
    decided = {"state": state, "decided_by": user.id, "decided_at": datetime.now(UTC), "note": said}
    undecided = _T.id.in_(change.together) & _T.state.in_(of)
    if connection.execute(sa.update(tables.changes).where(undecided).values(decided)).rowcount < len(change.together):
        raise RecordError(f"change {change.id} is decided already")
    for number in change.together:
        note(connection, user.name, f"change-{state}", number, note=said or None)


def _query() -> sa.Select:
    joined = tables.changes.join(_proposers, _proposers.c.id == _T.proposed_by)
    joined = joined.outerjoin(_deciders, _deciders.c.id == _T.decided_by)
    names = (_proposers.c.shown.label("proposer"), _deciders.c.shown.label("decider"))
    return sa.select(tables.changes, *names).select_from(joined)


def _known(connection: sa.Connection, number: int) -> Change:
    row = connection.execute(_query().where(_T.id == number)).first()
    if row is None:
        raise RecordError(f"there is no change {number}")
    return _change(row)


def _change(row: sa.Row) -> Change:
    source = dict(row.source)
    together = tuple(source.pop("together"))
    return Change(
        row.id, Draft(row.path, row.base, row.text), row.reason, Evidence(**source), together, row.proposed_by, row.proposer,
        row.proposed_at, row.decider, row.decided_at, ChangeState(row.state), row.note,
    )  # fmt: skip
