"""Who decided what, and when. Rows are only ever added: triggers in the database refuse anything else."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from rag.records import tables
from rag.records.database import Database


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision: `who` is the account's name, "" where nobody was signed in."""

    at: datetime
    who: str
    action: str
    subject: str
    detail: dict[str, Any]


def note(connection: sa.Connection, who: str, action: str, subject: object = "", **detail: Any) -> None:
    """Add an entry within the transaction of the decision itself: both are kept or neither."""
    row = {"at": datetime.now(UTC), "who": who, "action": action, "subject": str(subject), "detail": detail}
    connection.execute(sa.insert(tables.audit), row)


class Audit:
    """The trail of an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, who: str, action: str, subject: object = "", **detail: Any) -> None:
        """Add an entry for a decision that changes nothing in the database. Raises RecordError."""
        with self._database.writing() as connection:
            note(connection, who, action, subject, **detail)

    def entries(self, limit: int = 200, who: str = "", action: str = "") -> list[Entry]:
        """Return the newest entries, of one person or one kind of decision if wanted."""
        query = sa.select(tables.audit).order_by(tables.audit.c.id.desc()).limit(limit)
        if who:
            query = query.where(tables.audit.c.who == who)
        if action:
            query = query.where(tables.audit.c.action == action)
        with self._database.reading() as connection:
            return [Entry(row.at, row.who, row.action, row.subject, row.detail) for row in connection.execute(query)]
