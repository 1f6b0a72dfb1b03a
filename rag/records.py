"""The database door: answers as they were given (masked) and what learners say about them.

SQLite in WAL mode by default, PostgreSQL by URL. Opening brings the tables up to date. Nothing that could
name a learner is stored: no address, no account, and every text goes through `rag.privacy.mask`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
import sqlalchemy.event
import sqlalchemy.exc
from alembic import command
from alembic.config import Config

from rag.answers import Answer, answer_json
from rag.errors import RecordError
from rag.privacy import mask

MAX_COMMENT_CHARS = 1000
_MIGRATIONS = Path(__file__).resolve().parent / "migrations"

metadata = sa.MetaData()
_answers = sa.Table(
    "answers", metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("status", sa.String(40), nullable=False, index=True),
    sa.Column("guide_id", sa.String(80), index=True),
    sa.Column("answer", sa.JSON, nullable=False),
)  # fmt: skip
_feedback = sa.Table(
    "feedback", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("answer_id", sa.String(64), sa.ForeignKey("answers.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a learner says about one answer; `reasons` are the texts of the boxes ticked."""

    answer_id: str
    helpful: bool
    reasons: tuple[str, ...] = ()
    comment: str = ""


class Records:
    """An open database. Safe to use from several threads; each call is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "Records":
        """Connect and bring the tables up to date. Raises RecordError when the database cannot be used."""
        try:
            engine = sa.create_engine(url, pool_pre_ping=True)
            if engine.dialect.name == "sqlite":
                _prepare_sqlite(engine)
            _upgrade(engine)
        except (sqlalchemy.exc.SQLAlchemyError, OSError, ImportError) as error:
            shown = sa.engine.make_url(url).render_as_string() if "://" in url else url
            reason = str(error).split("\n", 1)[0]
            raise RecordError(f"cannot use the database {shown}: {reason}; set BINHDAN_DATABASE_URL") from error
        return cls(engine)

    def save_answer(self, answer: Answer) -> None:
        """Store an answer under its id, whose question is masked already. Raises RecordError (a full disk, for one)."""
        row = {
            "id": answer.id, "asked_at": datetime.now(UTC), "question": answer.question, "status": answer.status.value,
            "guide_id": next(iter(answer.guide_ids), None), "answer": answer_json(answer),
        }  # fmt: skip
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_answers).values(row))
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise RecordError(f"the answer {answer.id} cannot be stored: {error}") from error

    def save_feedback(self, feedback: Feedback) -> None:
        """Store feedback in place of any earlier one on the same answer. Raises RecordError for an unknown answer."""
        row = {
            "answer_id": feedback.answer_id, "given_at": datetime.now(UTC), "helpful": feedback.helpful,
            "reasons": list(feedback.reasons), "comment": mask(feedback.comment)[:MAX_COMMENT_CHARS],
        }  # fmt: skip
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.delete(_feedback).where(_feedback.c.answer_id == feedback.answer_id))
                connection.execute(sa.insert(_feedback).values(row))
        except sqlalchemy.exc.IntegrityError as error:
            raise RecordError(f"no answer {feedback.answer_id!r} is stored") from error

    def feedback(self) -> list[tuple[str, Feedback]]:
        """Return (question, feedback) of every answer that has some, newest first."""
        query = (
            sa.select(_answers.c.question, _feedback)
            .join(_answers, _answers.c.id == _feedback.c.answer_id)
            .order_by(_feedback.c.given_at.desc())
        )
        with self._engine.connect() as connection:
            return [
                (row.question, Feedback(row.answer_id, row.helpful, tuple(row.reasons), row.comment))
                for row in connection.execute(query)
            ]

    def close(self) -> None:
        """Release every connection."""
        self._engine.dispose()


def _prepare_sqlite(engine: sa.Engine) -> None:
    if engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @sqlalchemy.event.listens_for(engine, "connect")
    def _(connection, _record) -> None:
        # FULL: feedback survives a power cut. trusted_schema OFF: a doctored file cannot run functions.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")


def _upgrade(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
