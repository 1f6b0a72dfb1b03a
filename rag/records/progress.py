"""What learners have learnt, kept under the keyed digest of a phrase, or for a member of a class until the class ends.

No name and no phrase is stored. What nobody has used for a year is deleted.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from rag.progress import State
from rag.records import tables
from rag.records.classrooms import Member, keep_open, member_at
from rag.records.database import INSERT, Database

KEPT_FOR = timedelta(days=365)
_P = tables.progress.c


class KeptProgress:
    """The kept states of an open database. Reading one is using it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, digest: str, state: State) -> None:
        """Keep a new state under its phrase's digest, and sweep. Raises RecordError for a digest that is taken."""
        with self._database.writing() as connection:
            _sweep(connection)
            connection.execute(sa.insert(tables.progress).values(digest=digest, state=state.row(), updated_at=_now()))

    def read(self, digest: str) -> State | None:
        """Return what a phrase opens, or None: wrong, deleted or not used for too long."""
        with self._database.writing() as connection:
            used = sa.update(tables.progress).where(_of(digest)).values(updated_at=_now()).returning(_P.state)
            row = connection.execute(used).first()
        return State.model_validate(row.state) if row else None

    def save(self, digest: str, state: State, over: str) -> State | None:
        """Put a state in the place of the version `over`; return what a phrase opens now, None for nothing.

        What another device has put there since stays, and is returned: it must be merged first.
        """
        with self._database.writing() as connection:
            row = connection.execute(sa.select(_P.state).where(_of(digest)).with_for_update()).first()
            if row is None or (kept := State.model_validate(row.state)).version != over:
                return kept if row else None
            connection.execute(
                sa.update(tables.progress).where(_of(digest)).values(state=state.row(), updated_at=_now())
            )
            return state

    def forget(self, digest: str) -> bool:
        """Delete what a phrase opens; tell whether there was anything."""
        with self._database.writing() as connection:
            return connection.execute(sa.delete(tables.progress).where(_of(digest))).rowcount == 1

    def of_member(self, member: Member) -> State | None:
        """Return the state of a member of an open class."""
        with self._database.reading() as connection:
            return _state_of(connection, member.id)

    def save_member(self, member: Member, state: State) -> None:
        """Keep the state of a member; it goes with the class. Raises ClassEndedError."""
        row = {"member_id": member.id, "state": state.row(), "updated_at": _now()}
        with self._database.writing() as connection:
            keep_open(connection, member.classroom.id)
            insert = INSERT[connection.dialect.name](tables.progress).values(row)
            connection.execute(insert.on_conflict_do_update(index_elements=["member_id"], set_=row))

    def at(self, code: str, number: int) -> State | None:
        """Return the state of the member with a number in the open class of a code."""
        with self._database.reading() as connection:
            member_id = member_at(connection, code, number)
            return None if member_id is None else _state_of(connection, member_id)

    def sweep(self) -> int:
        """Delete what nobody has used for a year; return how much it was."""
        with self._database.writing() as connection:
            return _sweep(connection)


def _now() -> datetime:
    return datetime.now(UTC)


def _of(digest: str) -> sa.ColumnElement[bool]:
    return (_P.digest == digest) & (_P.updated_at > _now() - KEPT_FOR)


def _state_of(connection: sa.Connection, member_id: int) -> State | None:
    row = connection.execute(sa.select(_P.state).where(_P.member_id == member_id)).first()
    return State.model_validate(row.state) if row else None


def _sweep(connection: sa.Connection) -> int:
    unused = _P.updated_at <= _now() - KEPT_FOR
    return connection.execute(sa.delete(tables.progress).where(unused)).rowcount
