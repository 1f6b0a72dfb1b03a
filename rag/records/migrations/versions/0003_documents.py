"""Files that authorities published and that somebody brought.

Going down puts the table aside under another name, and going up again takes it back: nothing is lost either way.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NAME, _ASIDE = "documents", "kept_documents"


def upgrade() -> None:
    """Make the table, or take it back."""
    if _ASIDE in sa.inspect(op.get_bind()).get_table_names():
        op.rename_table(_ASIDE, _NAME)
        return
    moment = sa.DateTime(timezone=True)
    op.create_table(
        _NAME,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("file", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("origin", sa.String(2000), nullable=False, index=True),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("reading", sa.String(64), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False, index=True),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("number", sa.String(100), nullable=False, index=True),
        sa.Column("described", sa.JSON, nullable=False),
        sa.Column("doubtful", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("refusal", sa.String(400), nullable=False),
        sa.Column("added_by", sa.String(60), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("previous", sa.ForeignKey("documents.id", ondelete="SET NULL")),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("edits", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Put the table aside."""
    op.rename_table(_NAME, _ASIDE)
