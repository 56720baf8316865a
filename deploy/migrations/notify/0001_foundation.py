"""Lay the tables of notify: inbox, messages, deliveries, channels, leads, people, silences and interactions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "notify_0001"
down_revision = None
branch_labels = None
depends_on = None
SCHEMA = "notify"


def upgrade() -> None:
    """Create the tables."""
    _create_inbox()
    _create_messages()
    _create_deliveries()
    _create_knowledge()
    _create_wishes()


def downgrade() -> None:
    """Drop the tables, dependants first."""
    for table in (
        "interactions",
        "silences",
        "people",
        "leads",
        "channels",
        "deliveries",
        "placements",
        "message_triggers",
        "messages",
        "inbox",
    ):
        op.drop_table(table, schema=SCHEMA)


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("taken_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("item_id", "record"),
        schema=SCHEMA,
        comment="what has been taken in: (trigger_id, record), (change_id, change); taken twice is taken once",
    )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("play", sa.Text, nullable=False),
        sa.Column("urgency", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, comment="grows with each change of what the message says"),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        schema=SCHEMA,
        comment="one message for each (account, play), open until its triggers have resolved or its lead has ended",
    )
    op.create_index(
        "messages_open",
        "messages",
        ["account_id", "play"],
        unique=True,
        schema=SCHEMA,
        postgresql_where="closed_at IS NULL",
    )
    op.create_table(
        "message_triggers",
        _of_message(),
        sa.Column("trigger_id", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False, comment="the record as signals wrote it"),
        sa.Column("joined_at", sa.BigInteger, nullable=False),
        sa.Column("resolved_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("message_id", "trigger_id"),
        schema=SCHEMA,
        comment="what a message tells of",
    )
    op.create_table(
        "placements",
        _of_message(),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("ref", JSONB, nullable=False, comment="where it is: Slack's channel and ts, a mail's Message-ID"),
        sa.Column("version", sa.Integer, nullable=False, comment="the version of the message that it shows"),
        sa.PrimaryKeyConstraint("message_id", "channel"),
        schema=SCHEMA,
        comment="where a message is shown",
    )


def _of_message() -> sa.Column[int]:
    key = sa.ForeignKey(f"{SCHEMA}.messages.message_id", ondelete="CASCADE")
    return sa.Column("message_id", sa.BigInteger, key, nullable=False)


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey(f"{SCHEMA}.messages.message_id", ondelete="SET NULL")),
        sa.Column("version", sa.Integer, nullable=False, comment="the version of the message that it is to show"),
        sa.Column("channel", sa.Text),
        sa.Column("action", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False, comment="the decision in words"),
        sa.Column("reason", sa.Text, nullable=False, server_default="", comment="what the receiver said last"),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("play", sa.Text, nullable=False),
        sa.Column("trigger_id", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False, comment="the alert in one line"),
        sa.Column("target", sa.Text, comment="to whom it went"),
        sa.Column("sample", JSONB, comment="the trigger of a test; it belongs to no message"),
        sa.Column("marks", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("resend_of", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("lease_token", sa.Uuid),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("received_at", sa.BigInteger),
        schema=SCHEMA,
        comment="the outbox and the delivery log",
    )
    op.create_index(
        "deliveries_outbox",
        "deliveries",
        ["channel", "delivery_id"],
        schema=SCHEMA,
        postgresql_where="state IN ('pending', 'sending', 'unknown')",
    )
    op.create_index("deliveries_account", "deliveries", ["account_id", "delivery_id"], schema=SCHEMA)
    op.create_index("deliveries_trigger", "deliveries", ["trigger_id"], schema=SCHEMA)
    op.create_index("deliveries_message", "deliveries", ["message_id", "channel"], schema=SCHEMA)
    op.create_table(
        "channels",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("free_at", sa.BigInteger, nullable=False, comment="nothing is sent before"),
        schema=SCHEMA,
        comment="the limiter of each channel, kept through restarts and shared by replicas",
    )


def _create_knowledge() -> None:
    op.create_table(
        "leads",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("play", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "play"),
        schema=SCHEMA,
        comment="the latest change of each key's lead or task; an early one waits here for its message",
    )
    op.create_table(
        "people",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, index=True),
        sa.Column("body", JSONB, nullable=False),
        schema=SCHEMA,
        comment="who is who, from the topic people",
    )


def _create_wishes() -> None:
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("match", JSONB, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        schema=SCHEMA,
        comment="what nobody wants to hear, until when, by whom and why; an ended one stays as a record",
    )
    op.create_table(
        "interactions",
        sa.Column("interaction_id", sa.Text, primary_key=True, comment="digest of the signed body"),
        sa.Column("action_id", sa.Text, nullable=False),
        sa.Column("trigger_id", sa.Text, nullable=False),
        sa.Column("slack_user_id", sa.Text, nullable=False),
        sa.Column("response_url", sa.Text),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("forwarded_at", sa.BigInteger, comment="when the pipeline took it; null: not yet"),
        schema=SCHEMA,
        comment="what people did with the buttons, in the order it came",
    )
