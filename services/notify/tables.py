"""The tables of the schema `notify`; `deploy/migrations/notify` creates them.

Units: every `*_at`, `not_before` and `lease_until` is an instant in milliseconds since 1970. A delivery *is* its outbox
row: one truth for what is to be sent, for what was sent or not, and why.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "notify"
metadata = MetaData(schema=SCHEMA)

inbox = Table(
    "inbox",
    metadata,
    Column("item_id", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("item_id", "record"),
    comment="what has been taken in: (trigger_id, record), (change_id, change); taken twice is taken once",
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", BigInteger, Identity(always=True), primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("play", Text, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("version", Integer, nullable=False, comment="grows with each change of what the message says"),
    Column("opened_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Index("messages_open", "account_id", "play", unique=True, postgresql_where="closed_at IS NULL"),
    comment="one message for each (account, play), open until its triggers have resolved or its lead has ended",
)

message_triggers = Table(
    "message_triggers",
    metadata,
    Column("message_id", BigInteger, ForeignKey(messages.c.message_id, ondelete="CASCADE"), nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("body", JSONB, nullable=False, comment="the record as signals wrote it"),
    Column("joined_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    PrimaryKeyConstraint("message_id", "trigger_id"),
    comment="what a message tells of",
)

placements = Table(
    "placements",
    metadata,
    Column("message_id", BigInteger, ForeignKey(messages.c.message_id, ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("ref", JSONB, nullable=False, comment="where it is: Slack's channel and ts, a mail's Message-ID"),
    Column("version", Integer, nullable=False, comment="the version of the message that it shows"),
    PrimaryKeyConstraint("message_id", "channel"),
    comment="where a message is shown",
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", BigInteger, Identity(always=True), primary_key=True),
    Column("message_id", BigInteger, ForeignKey(messages.c.message_id, ondelete="SET NULL")),
    Column("version", Integer, nullable=False, comment="the version of the message that it is to show"),
    Column("channel", Text),
    Column("action", Text),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("note", Text, nullable=False, comment="the decision in words"),
    Column("reason", Text, nullable=False, server_default="", comment="what the receiver said last"),
    Column("account_id", Text, nullable=False),
    Column("play", Text, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("line", Text, nullable=False, comment="the alert in one line"),
    Column("target", Text, comment="to whom it went"),
    Column("sample", JSONB, comment="the trigger of a test; it belongs to no message"),
    Column("marks", ARRAY(Text), nullable=False, server_default="{}"),
    Column("resend_of", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", BigInteger, nullable=False),
    Column("lease_token", Uuid),
    Column("lease_until", BigInteger),
    Column("decided_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("received_at", BigInteger),
    Index(
        "deliveries_outbox",
        "channel",
        "delivery_id",
        postgresql_where="state IN ('pending', 'sending', 'unknown')",
    ),
    Index("deliveries_account", "account_id", "delivery_id"),
    Index("deliveries_trigger", "trigger_id"),
    Index("deliveries_message", "message_id", "channel"),
    comment="the outbox and the delivery log",
)

channels = Table(
    "channels",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("free_at", BigInteger, nullable=False, comment="nothing is sent before"),
    comment="the limiter of each channel, kept through restarts and shared by replicas",
)

leads = Table(
    "leads",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("play", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("owner_id", Text),
    Column("due_at", BigInteger),
    Column("ended", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "play"),
    comment="the latest change of each key's lead or task; an early one waits here for its message",
)

people = Table(
    "people",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("email", Text, index=True),
    Column("body", JSONB, nullable=False),
    comment="who is who, from the topic people",
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", BigInteger, Identity(always=True), primary_key=True),
    Column("match", JSONB, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),
    Column("created_by", Text, nullable=False),
    Column("comment", Text, nullable=False),
    comment="what nobody wants to hear, until when, by whom and why; an ended one stays as a record",
)

interactions = Table(
    "interactions",
    metadata,
    Column("interaction_id", Text, primary_key=True, comment="digest of the signed body"),
    Column("action_id", Text, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("slack_user_id", Text, nullable=False),
    Column("response_url", Text),
    Column("body", JSONB, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("forwarded_at", BigInteger, comment="when the pipeline took it; null: not yet"),
    comment="what people did with the buttons, in the order it came",
)
