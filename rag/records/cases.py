"""Regression cases that trainers made of corrections: no version may be published while one of them fails."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from rag.errors import RecordError
from rag.privacy import mask
from rag.records import tables
from rag.records.accounts import User
from rag.records.audit import note
from rag.records.database import Database


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case as its line in a set has it (`evals/cases/README.md`), and who made it when."""

    id: str
    case: dict[str, Any]
    made_by: str
    made_at: datetime


class Cases:
    """The regression cases of an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user: User, case: dict[str, Any], review_id: int | None = None) -> None:
        """Store a case under its id, in place of an earlier one of the same correction."""
        row = {
            "id": case["id"], "case": case, "review_id": review_id, "made_by": user.shown,
            "made_at": datetime.now(UTC), "withdrawn_at": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            connection.execute(sa.delete(tables.cases).where(tables.cases.c.id == case["id"]))
            connection.execute(sa.insert(tables.cases), row)
            note(connection, user.name, "case-made", case["id"])

    def live(self) -> list[StoredCase]:
        """Return the cases that the gate asks, oldest first."""
        query = sa.select(tables.cases).where(tables.cases.c.withdrawn_at.is_(None)).order_by(tables.cases.c.made_at)
        with self._database.reading() as connection:
            return [StoredCase(row.id, row.case, row.made_by, row.made_at) for row in connection.execute(query)]

    def withdraw(self, user: User, case_id: str, reason: str) -> None:
        """Take a case out of the gate, for a reason. Raises RecordError for an unknown one."""
        with self._database.writing() as connection:
            gone = sa.update(tables.cases).where(tables.cases.c.id == case_id).values(withdrawn_at=datetime.now(UTC))
            if not connection.execute(gone).rowcount:
                raise RecordError(f"there is no case {case_id!r}")
            note(connection, user.name, "case-withdrawn", case_id, reason=mask(reason))
