"""What learners have learnt, kept under the digest of a phrase or for a member of a class.

Going down puts the table aside under another name, and going up again takes it back: nothing is lost either way.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME, _ASIDE = "progress", "kept_progress"


def upgrade() -> None:
    """Make the table, or take it back."""
    if _ASIDE in sa.inspect(op.get_bind()).get_table_names():
        op.rename_table(_ASIDE, _NAME)
        return
    op.create_table(
        _NAME,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), unique=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("members.id", ondelete="CASCADE"), unique=True),
        sa.Column("state", sa.JSON, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.CheckConstraint("(digest IS NULL) <> (member_id IS NULL)", name="one_owner"),
    )


def downgrade() -> None:
    """Put the table aside."""
    op.rename_table(_NAME, _ASIDE)
