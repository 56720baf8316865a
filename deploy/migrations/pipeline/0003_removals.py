"""When accounts were removed, so that triggers that come later from before open nothing.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; removals of before are not known."""
    op.create_table(
        "removals",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
        schema="pipeline",
    )
