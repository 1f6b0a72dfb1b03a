"""The open database: one engine, one transaction at a time for each caller, and its tables brought up to date.

SQLite in WAL mode by default, PostgreSQL by URL. Everything that the tables hold is read and written in this package.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
import sqlalchemy.event
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from sqlalchemy.dialects import postgresql, sqlite

from rag.errors import RecordError

INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}  # by dialect: these know ON CONFLICT

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_READING, _BARE = "reading", "bare"
_TRIES = 6  # each waits for readers as long as busy_timeout says
# FULL: what was said survives a power cut. trusted_schema OFF: a doctored file cannot run functions. secure_delete: what a class
# wipes is gone from the file, too.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON", "trusted_schema=OFF", "secure_delete=ON")  # fmt: skip


class Database:
    """An open database. Safe to use from several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "Database":
        """Connect and bring the tables up to date. Raises RecordError when the database cannot be used."""
        try:
            # What is stored must not reach the log by way of an error.
            engine = sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
            if engine.dialect.name == "sqlite":
                _prepare_sqlite(engine)
            database = cls(engine)
            database.migrate("head")
        except (sqlalchemy.exc.SQLAlchemyError, OSError, ImportError) as error:
            shown = sa.engine.make_url(url).render_as_string() if "://" in url else url
            raise RecordError(f"cannot use the database {shown}: {_line(error)}; set BINHDAN_DATABASE_URL") from error
        return database

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection whose changes are kept together or not at all. Raises RecordError (a full disk, for one)."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise RecordError(f"the database refused a change: {_line(error)}") from error

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that changes nothing and holds up nobody. Raises RecordError."""
        try:
            with self._engine.connect().execution_options(**{_READING: True}) as connection:
                yield connection
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise RecordError(f"the database cannot be read: {_line(error)}") from error

    def migrate(self, revision: str) -> None:
        """Go up or down to a revision ("head", "0001"); what the tables hold is kept either way."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self._engine.begin() as connection:
            config.attributes["connection"] = connection
            up = revision == "head" or revision > (_revision(connection) or "")
            (command.upgrade if up else command.downgrade)(config, revision)

    def forget_deleted(self) -> None:
        """Take what was deleted out of the files, too: SQLite's log, PostgreSQL's dead rows. Raises RecordError."""
        try:
            if self._engine.dialect.name != "sqlite":
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM")
                return
            # Not AUTOCOMMIT: going back from it, SQLAlchemy would let the driver begin transactions by itself.
            with self._engine.connect().execution_options(**{_BARE: True}) as connection:
                for _ in range(_TRIES):
                    busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                    if not busy:
                        return
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise RecordError(f"what was deleted stays in the files: {_line(error)}") from error
        raise RecordError("what was deleted stays in the log as long as somebody reads it")

    def close(self) -> None:
        """Release every connection."""
        self._engine.dispose()


def _line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _prepare_sqlite(engine: sa.Engine) -> None:
    if engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @sqlalchemy.event.listens_for(engine, "connect")
    def _(connection, _record) -> None:
        connection.isolation_level = None  # the driver would begin by itself, and too late for the lock below
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @sqlalchemy.event.listens_for(engine, "begin")
    def _(connection) -> None:
        if connection.get_execution_options().get(_BARE):
            return
        # A writer that first reads must hold the lock from the start, or two of them may both see an item free.
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READING) else "BEGIN IMMEDIATE")
