"""Usage per seat of each account, the bounds that follow from it every night, and records for every partition.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "pipeline"


def upgrade() -> None:
    """Add what the night needs; rows of before say nothing of it."""
    op.add_column("accounts", sa.Column("usage_per_seat", sa.Double(), nullable=True), schema=SCHEMA)
    op.add_column("accounts", sa.Column("cross_sell", sa.Boolean(), nullable=True), schema=SCHEMA)
    everywhere: sa.Column[bool] = sa.Column("everywhere", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("outbox", everywhere, schema=SCHEMA)
    op.create_table(
        "nights",
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("work"),
        schema=SCHEMA,
    )
