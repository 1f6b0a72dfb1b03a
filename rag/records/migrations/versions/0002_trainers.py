"""Accounts, reviews, curated answers, changes of guides, hand-overs, classes and the figures of the movement.

Going down puts the new tables aside under other names, and going up again takes them back: nothing is lost either way.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ASIDE = "kept_"
_KEYS = {"answers.id": sa.String(64), "localities.id": sa.String(80)}


def upgrade() -> None:
    """Make the tables, or take them back, and give every stored answer its context."""
    known = set(sa.inspect(op.get_bind()).get_table_names())
    for name, columns in _tables().items():
        if _ASIDE + name in known:
            op.rename_table(_ASIDE + name, name)
        else:
            op.create_table(name, *columns)
    _fill_contexts()
    _queue_unseen()
    _forbid_changes("audit")


def downgrade() -> None:
    """Put the tables aside."""
    _allow_changes("audit")
    for name in reversed(_tables()):
        op.rename_table(name, _ASIDE + name)


def _fill_contexts() -> None:
    """Read what the contexts say from the answers that have none: those of before, and those saved after a step down."""
    answers = sa.table("answers", sa.column("id"), sa.column("answer", sa.JSON))
    contexts = sa.table(
        "contexts",
        *map(sa.column, ("answer_id", "level", "mode", "model", "confidence", "generation")),
        sa.column("hits", sa.JSON),
    )
    bind = op.get_bind()
    without = sa.select(answers).where(answers.c.id.not_in(sa.select(contexts.c.answer_id)))
    rows = [
        {
            "answer_id": row.id, "level": row.answer["level"], "mode": row.answer["mode"], "model": row.answer["model"],
            "confidence": row.answer["confidence"], "generation": "", "hits": [],
        }
        for row in bind.execute(without)
    ]  # fmt: skip
    if rows:
        bind.execute(sa.insert(contexts), rows)


def _queue_unseen() -> None:
    """Let answers of before wait for a trainer like new ones."""
    op.execute(
        "INSERT INTO tasks (answer_id, stage, reason, priority, created_at) SELECT id, 1, 'new', 0, asked_at FROM answers "
        "WHERE id NOT IN (SELECT answer_id FROM tasks)"
    )


def _forbid_changes(table: str) -> None:
    """Make a table append-only: the database itself refuses to change or delete a row."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def _allow_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(f"DROP TRIGGER {table}_no_delete")
    else:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(f"DROP FUNCTION {table}_refuse()")


def _number() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True)


def _refers(name: str, to: str, on_delete: str = "CASCADE", **more: Any) -> sa.Column:
    return sa.Column(name, _KEYS.get(to, sa.Integer), sa.ForeignKey(to, ondelete=on_delete), **more)


def _tables() -> dict[str, tuple[sa.schema.SchemaItem, ...]]:
    """Return the columns of every new table, in an order in which they can be made."""
    return {
        "localities": (
            sa.Column("id", sa.String(80), primary_key=True),
            sa.Column("name", sa.String(120), nullable=False),
            _refers("parent_id", "localities.id", "RESTRICT"),
            sa.Column("adults", sa.Integer),
            sa.Column("households", sa.Integer),
        ),
        "users": (
            _number(),
            sa.Column("name", sa.String(60), nullable=False, unique=True),
            sa.Column("shown", sa.String(80), nullable=False),
            sa.Column("role", sa.String(20), nullable=False),
            _refers("locality_id", "localities.id", "RESTRICT"),
            sa.Column("password", sa.String(200)),
            sa.Column("identity", sa.String(300), unique=True),
            sa.Column("must_change", sa.Boolean, nullable=False),
            sa.Column("failures", sa.Integer, nullable=False),
            sa.Column("locked_until", sa.DateTime(timezone=True)),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("disabled_at", sa.DateTime(timezone=True)),
        ),
        "sessions": (
            sa.Column("digest", sa.String(64), primary_key=True),
            _refers("user_id", "users.id", nullable=False, index=True),
            sa.Column("token", sa.String(64), nullable=False),
            sa.Column("until", sa.DateTime(timezone=True), nullable=False, index=True),
        ),
        "audit": (
            _number(),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
            sa.Column("who", sa.String(60), nullable=False, index=True),
            sa.Column("action", sa.String(40), nullable=False, index=True),
            sa.Column("subject", sa.String(200), nullable=False),
            sa.Column("detail", sa.JSON, nullable=False),
        ),
        "classrooms": (
            _number(),
            sa.Column("code", sa.String(12), unique=True),
            _refers("trainer_id", "users.id", "RESTRICT", nullable=False, index=True),
            _refers("locality_id", "localities.id", "RESTRICT"),
            sa.Column("audience", sa.String(40), nullable=False),
            sa.Column("held_on", sa.Date, nullable=False),
            sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("ended_at", sa.DateTime(timezone=True)),
            sa.Column("pushed", sa.JSON),
        ),
        "contexts": (
            sa.Column("answer_id", sa.String(64), sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
            sa.Column("level", sa.String(20), nullable=False),
            sa.Column("mode", sa.String(20), nullable=False),
            sa.Column("model", sa.String(120)),
            sa.Column("confidence", sa.Float, nullable=False),
            sa.Column("generation", sa.String(20), nullable=False),
            sa.Column("hits", sa.JSON, nullable=False),
            _refers("locality_id", "localities.id", "SET NULL", index=True),
            _refers("classroom_id", "classrooms.id", index=True),
            sa.Column("member", sa.Integer),
        ),
        "tasks": (
            _number(),
            _refers("answer_id", "answers.id", nullable=False, index=True),
            sa.Column("stage", sa.Integer, nullable=False),
            sa.Column("reason", sa.String(20), nullable=False),
            sa.Column("priority", sa.Integer, nullable=False),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            _refers("claimed_by", "users.id", "SET NULL"),
            sa.Column("claimed_until", sa.DateTime(timezone=True)),
            sa.Column("done_at", sa.DateTime(timezone=True), index=True),
        ),
        "reviews": (
            _number(),
            _refers("task_id", "tasks.id", nullable=False, unique=True),
            _refers("answer_id", "answers.id", nullable=False, index=True),
            _refers("reviewer_id", "users.id", "RESTRICT", nullable=False),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("verdict", sa.String(20), nullable=False),
            sa.Column("reasons", sa.JSON, nullable=False),
            sa.Column("marked", sa.Text, nullable=False),
            sa.Column("correction", sa.Text, nullable=False),
            sa.Column("citations", sa.JSON, nullable=False),
            sa.Column("note", sa.Text, nullable=False),
        ),
        "curated": (
            _number(),
            sa.Column("question", sa.Text, nullable=False),
            sa.Column("also", sa.JSON, nullable=False),
            sa.Column("text", sa.Text, nullable=False),
            sa.Column("more", sa.Text),
            sa.Column("citations", sa.JSON, nullable=False),
            _refers("answer_id", "answers.id", "SET NULL"),
            sa.Column("approved_by", sa.String(80), nullable=False),
            sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("state", sa.String(20), nullable=False, index=True),
            sa.Column("lapses", sa.JSON, nullable=False),
            sa.Column("hits", sa.Integer, nullable=False),
            sa.Column("last_hit_at", sa.DateTime(timezone=True)),
        ),
        "cases": (
            sa.Column("id", sa.String(100), primary_key=True),
            sa.Column("case", sa.JSON, nullable=False),
            _refers("review_id", "reviews.id", "SET NULL"),
            sa.Column("made_by", sa.String(80), nullable=False),
            sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        ),
        "changes": (
            _number(),
            sa.Column("path", sa.String(200), nullable=False),
            sa.Column("base", sa.String(64), nullable=False),
            sa.Column("text", sa.Text, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("source", sa.JSON, nullable=False),
            _refers("proposed_by", "users.id", "RESTRICT", nullable=False),
            sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
            _refers("decided_by", "users.id", "RESTRICT"),
            sa.Column("decided_at", sa.DateTime(timezone=True)),
            sa.Column("state", sa.String(20), nullable=False, index=True),
            sa.Column("note", sa.Text, nullable=False),
        ),
        "publications": (
            _number(),
            sa.Column("generation", sa.String(20), nullable=False),
            sa.Column("edition", sa.String(20), nullable=False),
            sa.Column("prompts", sa.String(64), nullable=False),
            sa.Column("model", sa.String(120), nullable=False),
            sa.Column("changes", sa.JSON, nullable=False),
            sa.Column("made_by", sa.String(80), nullable=False),
            sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("state", sa.String(20), nullable=False, index=True),
            sa.Column("failing", sa.JSON, nullable=False),
            sa.Column("differences", sa.JSON, nullable=False),
            sa.Column("message", sa.Text, nullable=False),
            sa.Column("published_by", sa.String(80)),
            sa.Column("published_at", sa.DateTime(timezone=True)),
            sa.Column("override_reason", sa.Text),
        ),
        "members": (
            _number(),
            _refers("classroom_id", "classrooms.id", nullable=False),
            sa.Column("number", sa.Integer, nullable=False),
            sa.Column("digest", sa.String(64), nullable=False, unique=True),
            sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("stuck_at", sa.DateTime(timezone=True)),
            sa.Column("finished", sa.JSON, nullable=False),
            sa.UniqueConstraint("classroom_id", "number", name="one_number_a_class"),
        ),
        "handovers": (
            _number(),
            sa.Column("digest", sa.String(64), nullable=False, unique=True),
            _refers("answer_id", "answers.id", "SET NULL"),
            sa.Column("question", sa.Text, nullable=False),
            sa.Column("note", sa.Text, nullable=False),
            _refers("locality_id", "localities.id", "SET NULL", index=True),
            _refers("classroom_id", "classrooms.id", "SET NULL"),
            sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, index=True),
            sa.Column("until", sa.DateTime(timezone=True), nullable=False, index=True),
            _refers("claimed_by", "users.id", "SET NULL"),
            sa.Column("claimed_until", sa.DateTime(timezone=True)),
            sa.Column("reply", sa.Text),
            sa.Column("citations", sa.JSON, nullable=False),
            sa.Column("source", sa.Text, nullable=False),
            sa.Column("replied_by", sa.String(80)),
            sa.Column("replied_at", sa.DateTime(timezone=True)),
            sa.Column("read_at", sa.DateTime(timezone=True)),
        ),
        "counts": (
            sa.Column("week", sa.Date, primary_key=True),
            sa.Column("locality_id", sa.String(80), primary_key=True),
            sa.Column("audience", sa.String(40), primary_key=True),
            sa.Column("measure", sa.String(20), primary_key=True),
            sa.Column("n", sa.Integer, nullable=False),
        ),
        "targets": (
            _number(),
            _refers("locality_id", "localities.id", nullable=False),
            sa.Column("audience", sa.String(40), nullable=False),
            sa.Column("measure", sa.String(20), nullable=False),
            sa.Column("goal", sa.Integer, nullable=False),
            sa.Column("by_day", sa.Date, nullable=False),
            sa.UniqueConstraint("locality_id", "audience", "measure", name="one_target_each"),
        ),
    }  # fmt: skip
