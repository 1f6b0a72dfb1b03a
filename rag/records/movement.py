"""How often something happened in a week, by place and audience, and what an administrator wants to have reached.

Whole numbers of people and things, never who. Here they are exact: whoever shows them goes through `evals.movement`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rag.errors import RecordError
from rag.records import tables
from rag.records.audit import note
from rag.records.database import INSERT, Database


class Audience(StrEnum):
    """For whom a class is held."""

    OLDER = "nguoi-cao-tuoi"
    WORKERS = "nguoi-lao-dong"
    PUPILS = "hoc-sinh"
    OFFICIALS = "can-bo"
    EVERYBODY = "chung"


AUDIENCES: Mapping[str, str] = {
    Audience.OLDER: "Người cao tuổi",
    Audience.WORKERS: "Người lao động",
    Audience.PUPILS: "Học sinh",
    Audience.OFFICIALS: "Cán bộ",
    Audience.EVERYBODY: "Chung",
}


@dataclass(frozen=True, slots=True)
class Count:
    """`n` of a measure in the week of this Monday; locality and audience are "" where none is known."""

    week: date
    locality_id: str
    audience: str
    measure: str
    n: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a locality wants to have reached by a day; `audience` "" is everybody."""

    id: int
    locality_id: str
    audience: str
    measure: str
    goal: int
    by_day: date


class Movement:
    """The figures and targets of an open database. `who` is the name of the one who decides, for the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counted(self) -> list[Count]:
        """Return every count, oldest week first."""
        query = sa.select(tables.counts).order_by(*tables.counts.primary_key)
        with self._database.reading() as connection:
            return [Count(**row) for row in connection.execute(query).mappings()]

    def targets(self) -> list[Target]:
        """Return every target, the one that is due first in front."""
        query = sa.select(tables.targets).order_by(tables.targets.c.by_day, tables.targets.c.id)
        with self._database.reading() as connection:
            return [Target(**row) for row in connection.execute(query).mappings()]

    def set_target(
        self, who: str, locality_id: str, audience: str, measure: str, goal: int, by_day: date
    ) -> None:  # fmt: skip
        """Set a target in place of any earlier one of the same locality, audience and measure. Raises RecordError."""
        if goal <= 0:
            raise RecordError(f"a goal is above 0, not {goal}")
        row = {"locality_id": locality_id, "audience": audience, "measure": measure, "goal": goal, "by_day": by_day}
        with self._database.writing() as connection:
            insert = INSERT[connection.dialect.name](tables.targets).values(row)
            changed = {"goal": insert.excluded.goal, "by_day": insert.excluded.by_day}
            connection.execute(_or_else(insert, ("locality_id", "audience", "measure"), changed))
            note(
                connection, who, "target", locality_id, audience=audience, measure=measure, goal=goal, by=str(by_day)
            )  # fmt: skip

    def remove_target(self, who: str, target_id: int) -> None:
        """Remove a target. Raises RecordError for an unknown one."""
        mine = tables.targets.c.id == target_id
        with self._database.writing() as connection:
            row = connection.execute(sa.select(tables.targets).where(mine)).first()
            if row is None:
                raise RecordError(f"there is no target {target_id}")
            connection.execute(sa.delete(tables.targets).where(mine))
            note(connection, who, "target-removed", row.locality_id, audience=row.audience, measure=row.measure)


def count(
    connection: sa.Connection, day: date, locality_id: str | None, audience: str, measure: str, n: int = 1
) -> None:
    """Add `n` to a measure of the week that `day` lies in, within the caller's transaction."""
    row = {
        "week": monday(day), "locality_id": locality_id or "", "audience": audience, "measure": measure, "n": n,
    }  # fmt: skip
    insert = INSERT[connection.dialect.name](tables.counts).values(row)
    more = {"n": tables.counts.c.n + insert.excluded.n}
    connection.execute(_or_else(insert, [column.name for column in tables.counts.primary_key], more))


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _or_else(
    insert: sqlite.Insert | postgresql.Insert, unique: Sequence[str], change: Mapping[str, object]
) -> sqlite.Insert | postgresql.Insert:
    return insert.on_conflict_do_update(index_elements=list(unique), set_=dict(change))
