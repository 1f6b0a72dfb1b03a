"""Every table, as the newest migration leaves it (a test compares the two). Definitions only."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


class Moment(sa.TypeDecorator):
    """A point in time, aware and in UTC on both sides; SQLite itself keeps no zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the stored time with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _number() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True)


def _refers(name: str, to: str, on_delete: str = "CASCADE", **more: Any) -> sa.Column:
    return sa.Column(name, sa.ForeignKey(to, ondelete=on_delete), **more)


answers = sa.Table(
    "answers", metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("asked_at", Moment, nullable=False, index=True),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("status", sa.String(40), nullable=False, index=True),
    sa.Column("guide_id", sa.String(80), index=True),
    sa.Column("answer", sa.JSON, nullable=False),
)  # fmt: skip
feedback = sa.Table(
    "feedback", metadata,
    _number(),
    _refers("answer_id", "answers.id", nullable=False, index=True),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
)  # fmt: skip

localities = sa.Table(
    "localities", metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    _refers("parent_id", "localities.id", "RESTRICT"),
    sa.Column("adults", sa.Integer),
    sa.Column("households", sa.Integer),
)  # fmt: skip
users = sa.Table(
    "users", metadata,
    _number(),
    sa.Column("name", sa.String(60), nullable=False, unique=True),
    sa.Column("shown", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    _refers("locality_id", "localities.id", "RESTRICT"),
    sa.Column("password", sa.String(200)),
    sa.Column("identity", sa.String(300), unique=True),  # digest of an OpenID provider's issuer and subject
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("locked_until", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("disabled_at", Moment),
)  # fmt: skip
sessions = sa.Table(
    "sessions", metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    _refers("user_id", "users.id", nullable=False, index=True),
    sa.Column("token", sa.String(64), nullable=False),
    sa.Column("until", Moment, nullable=False, index=True),
)  # fmt: skip
audit = sa.Table(
    "audit", metadata,
    _number(),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("who", sa.String(60), nullable=False, index=True),
    sa.Column("action", sa.String(40), nullable=False, index=True),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
)  # fmt: skip

# Where an answer was given and what it rested on; apart from `answers`, whose rows are the learner's.
contexts = sa.Table(
    "contexts", metadata,
    sa.Column("answer_id", sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("level", sa.String(20), nullable=False),
    sa.Column("mode", sa.String(20), nullable=False),
    sa.Column("model", sa.String(120)),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("generation", sa.String(20), nullable=False),
    sa.Column("hits", sa.JSON, nullable=False),  # [{passage_id, digest, score}], best first
    _refers("locality_id", "localities.id", "SET NULL", index=True),
    _refers("classroom_id", "classrooms.id", index=True),
    sa.Column("member", sa.Integer),
)  # fmt: skip
tasks = sa.Table(
    "tasks", metadata,
    _number(),
    _refers("answer_id", "answers.id", nullable=False, index=True),
    sa.Column("stage", sa.Integer, nullable=False),  # 1 first review, 2 blind second, 3 the third person's
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    _refers("claimed_by", "users.id", "SET NULL"),
    sa.Column("claimed_until", Moment),
    sa.Column("done_at", Moment, index=True),
)  # fmt: skip
reviews = sa.Table(
    "reviews", metadata,
    _number(),
    _refers("task_id", "tasks.id", nullable=False, unique=True),
    _refers("answer_id", "answers.id", nullable=False, index=True),
    _refers("reviewer_id", "users.id", "RESTRICT", nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("marked", sa.Text, nullable=False),
    sa.Column("correction", sa.Text, nullable=False),
    sa.Column("citations", sa.JSON, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)  # fmt: skip
curated = sa.Table(
    "curated", metadata,
    _number(),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("also", sa.JSON, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("more", sa.Text),
    sa.Column("citations", sa.JSON, nullable=False),  # [{number, passage_id, digest, quote}]
    _refers("answer_id", "answers.id", "SET NULL"),
    sa.Column("approved_by", sa.String(80), nullable=False),
    sa.Column("approved_at", Moment, nullable=False),
    sa.Column("state", sa.String(20), nullable=False, index=True),  # live, lapsed, withdrawn
    sa.Column("lapses", sa.JSON, nullable=False),
    sa.Column("hits", sa.Integer, nullable=False),
    sa.Column("last_hit_at", Moment),
)  # fmt: skip
cases = sa.Table(
    "cases", metadata,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("case", sa.JSON, nullable=False),  # a line of a set, see evals/cases/README.md
    _refers("review_id", "reviews.id", "SET NULL"),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("withdrawn_at", Moment),
)  # fmt: skip
changes = sa.Table(
    "changes", metadata,
    _number(),
    sa.Column("path", sa.String(200), nullable=False),  # in the corpus: guides/<topic>/<id>.md or facts/<id>.yaml
    sa.Column("base", sa.String(64), nullable=False),  # sha256 of the file that was edited
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.JSON, nullable=False),  # {publisher, title, url, date, official, file}
    _refers("proposed_by", "users.id", "RESTRICT", nullable=False),
    sa.Column("proposed_at", Moment, nullable=False),
    _refers("decided_by", "users.id", "RESTRICT"),
    sa.Column("decided_at", Moment),
    sa.Column("state", sa.String(20), nullable=False, index=True),  # proposed, approved, refused, published
    sa.Column("note", sa.Text, nullable=False),
)  # fmt: skip
publications = sa.Table(
    "publications", metadata,
    _number(),
    sa.Column("generation", sa.String(20), nullable=False),
    sa.Column("edition", sa.String(20), nullable=False),
    sa.Column("prompts", sa.String(64), nullable=False),
    sa.Column("model", sa.String(120), nullable=False),
    sa.Column("changes", sa.JSON, nullable=False),  # ids of the changes that it brings
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("state", sa.String(20), nullable=False, index=True),  # building, blocked, ready, failed, published, rolled-back
    sa.Column("failing", sa.JSON, nullable=False),  # [{case, why}]
    sa.Column("differences", sa.JSON, nullable=False),  # [{question, old, new}]
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("published_by", sa.String(80)),
    sa.Column("published_at", Moment),
    sa.Column("override_reason", sa.Text),
)  # fmt: skip

documents = sa.Table(
    "documents", metadata,
    _number(),
    sa.Column("file", sa.String(64), nullable=False, unique=True),  # sha256 of the content
    sa.Column("name", sa.String(300), nullable=False),
    sa.Column("format", sa.String(20), nullable=False),
    sa.Column("origin", sa.String(2000), nullable=False, index=True),  # address or path it came from
    sa.Column("source", sa.String(100), nullable=False),  # id in corpus/sources.yaml, or ""
    sa.Column("reading", sa.String(64), nullable=False),
    sa.Column("text_digest", sa.String(64), nullable=False, index=True),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("number", sa.String(100), nullable=False, index=True),
    sa.Column("described", sa.JSON, nullable=False),  # rag.documents.units.Description
    sa.Column("doubtful", sa.JSON, nullable=False),  # [{number, score, faults, decision}]
    sa.Column("state", sa.String(20), nullable=False, index=True),  # waiting, proposed, set-aside, refused
    sa.Column("refusal", sa.String(400), nullable=False),
    sa.Column("added_by", sa.String(60), nullable=False),
    sa.Column("added_at", Moment, nullable=False),
    _refers("previous", "documents.id", "SET NULL"),
    sa.Column("changes", sa.JSON, nullable=False),  # ids of the changes that it was proposed with
    sa.Column("edits", sa.JSON, nullable=False),  # [{guide, old, unit, words, wanted}]
)  # fmt: skip

classrooms = sa.Table(
    "classrooms", metadata,
    _number(),
    sa.Column("code", sa.String(12), unique=True),  # None once the class has ended
    _refers("trainer_id", "users.id", "RESTRICT", nullable=False, index=True),
    _refers("locality_id", "localities.id", "RESTRICT"),
    sa.Column("audience", sa.String(40), nullable=False),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("pushed", sa.JSON),  # {kind, guide_id, at}
)  # fmt: skip
members = sa.Table(
    "members", metadata,
    _number(),
    _refers("classroom_id", "classrooms.id", nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("joined_at", Moment, nullable=False),
    sa.Column("stuck_at", Moment),
    sa.Column("finished", sa.JSON, nullable=False),  # ids of the guides that were pushed and done
    sa.UniqueConstraint("classroom_id", "number", name="one_number_a_class"),
)  # fmt: skip
handovers = sa.Table(
    "handovers", metadata,
    _number(),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),  # of the code, keyed
    _refers("answer_id", "answers.id", "SET NULL"),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    _refers("locality_id", "localities.id", "SET NULL", index=True),
    _refers("classroom_id", "classrooms.id", "SET NULL"),
    sa.Column("asked_at", Moment, nullable=False, index=True),
    sa.Column("until", Moment, nullable=False, index=True),
    _refers("claimed_by", "users.id", "SET NULL"),
    sa.Column("claimed_until", Moment),
    sa.Column("reply", sa.Text),
    sa.Column("citations", sa.JSON, nullable=False),
    sa.Column("source", sa.Text, nullable=False),  # what the reply rests on where no guide says it
    sa.Column("replied_by", sa.String(80)),
    sa.Column("replied_at", Moment),
    sa.Column("read_at", Moment),
)  # fmt: skip

# What a learner has learnt: of whoever knows a phrase, or of a member of a class, with whom it goes.
progress = sa.Table(
    "progress", metadata,
    _number(),
    sa.Column("digest", sa.String(64), unique=True),  # of the phrase, keyed
    _refers("member_id", "members.id", unique=True),
    sa.Column("state", sa.JSON, nullable=False),  # rag.progress.State
    sa.Column("updated_at", Moment, nullable=False, index=True),  # or read
    sa.CheckConstraint("(digest IS NULL) <> (member_id IS NULL)", name="one_owner"),
)  # fmt: skip

# How often something happened in a week; whole numbers of people and things, never who.
counts = sa.Table(
    "counts", metadata,
    sa.Column("week", sa.Date, primary_key=True),  # its Monday
    sa.Column("locality_id", sa.String(80), primary_key=True),  # "" where none is known
    sa.Column("audience", sa.String(40), primary_key=True),
    sa.Column("measure", sa.String(20), primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
)  # fmt: skip
targets = sa.Table(
    "targets", metadata,
    _number(),
    _refers("locality_id", "localities.id", nullable=False),
    sa.Column("audience", sa.String(40), nullable=False),
    sa.Column("measure", sa.String(20), nullable=False),
    sa.Column("goal", sa.Integer, nullable=False),
    sa.Column("by_day", sa.Date, nullable=False),
    sa.UniqueConstraint("locality_id", "audience", "measure", name="one_target_each"),
)  # fmt: skip
