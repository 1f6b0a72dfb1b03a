"""Where people are: provinces, communes and whatever units an administrator enters, one under the other."""

from dataclasses import dataclass

import sqlalchemy as sa

from rag.errors import RecordError
from rag.records import tables
from rag.records.audit import note
from rag.records.database import Database
from rag.text import slug


@dataclass(frozen=True, slots=True)
class Locality:
    """A unit; `adults` and `households` are how many live there, where that is known."""

    id: str
    name: str
    parent_id: str | None = None
    adults: int | None = None
    households: int | None = None


class Localities:
    """The localities of an open database; few, so that they are read whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, Locality]:
        """Return every locality by id, parents before children, each level by name."""
        with self._database.reading() as connection:
            rows = [Locality(**row) for row in connection.execute(sa.select(tables.localities)).mappings()]
        rows.sort(key=lambda row: row.id)
        ordered: dict[str, Locality] = {}

        def add(parent: str | None) -> None:
            for row in rows:
                if row.parent_id == parent:
                    ordered[row.id] = row
                    add(row.id)

        add(None)
        return ordered

    def within(self, locality_id: str | None) -> frozenset[str] | None:
        """Return the ids of a locality and of all under it; None, for no locality, is everywhere."""
        if locality_id is None:
            return None
        found = {locality_id}
        for row in self.all().values():  # parents come first
            if row.parent_id in found:
                found.add(row.id)
        return frozenset(found)

    def put(
        self, who: str, name: str, parent_id: str | None = None, adults: int | None = None, households: int | None = None
    ) -> Locality:  # fmt: skip
        """Add a locality, or change how many live in it. Its id follows from its name and its parent's. Raises RecordError."""
        if not slug(name):
            raise RecordError("a locality needs a name")
        row = Locality("/".join(filter(None, (parent_id, slug(name)))), name.strip(), parent_id, adults, households)
        with self._database.writing() as connection:
            values = {
                "id": row.id,
                "name": row.name,
                "parent_id": parent_id,
                "adults": adults,
                "households": households,
            }
            changed = sa.update(tables.localities).where(tables.localities.c.id == row.id).values(values)
            if not connection.execute(changed).rowcount:
                connection.execute(sa.insert(tables.localities), values)
            note(connection, who, "locality", row.id, adults=adults, households=households)
        return row

    def remove(self, who: str, locality_id: str) -> None:
        """Remove a locality that nobody and nothing belongs to. Raises RecordError."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(tables.localities).where(tables.localities.c.id == locality_id))
            note(connection, who, "locality-removed", locality_id)
