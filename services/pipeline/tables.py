"""The tables of the schema `pipeline`. The revisions in `deploy/migrations/pipeline/` make them.

Units: columns `*_at` are instants in milliseconds. Texts that come from the log are kept as the bytes they came in
(`body`), because JSON may hold characters that a text column refuses.
"""

from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, MetaData, Text, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "pipeline"


class Row(DeclarativeBase):
    """What every table shares: the schema, and how Python's types are kept."""

    metadata = MetaData(schema=SCHEMA)
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        bytes: LargeBinary,
        list[str]: JSONB(),
        dict[str, Any]: JSONB(none_as_null=True),
    }


class InboxRow(Row):
    """What has been taken from the log already: a record of a trigger, or a dead letter."""

    __tablename__ = "inbox"
    trigger_id: Mapped[str] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]


class TriggerRow(Row):
    """A trigger and where it stands: fired, held, released or resolved. Evidence of one lead or task, or of none."""

    __tablename__ = "triggers"
    trigger_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    rule: Mapped[str]
    kind: Mapped[str]
    play: Mapped[str]
    state: Mapped[str]
    fired_at: Mapped[int | None]
    held_at: Mapped[int | None]
    released_at: Mapped[int | None]
    resolved_at: Mapped[int | None]
    item: Mapped[str | None]
    item_id: Mapped[str | None]
    body: Mapped[bytes]

    __table_args__ = (Index("triggers_of_account", "account_id"), Index("triggers_of_item", "item_id"))


class CsqlRow(Row):
    """A lead. Open while `closed_at` is null; of these there is one for an account and play."""

    __tablename__ = "csqls"
    csql_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    play: Mapped[str]
    origin: Mapped[str]
    segment: Mapped[str]
    stage: Mapped[str]
    stage_since: Mapped[int]
    owner_role: Mapped[str]
    owner_reason: Mapped[str]
    owner_id: Mapped[str | None]
    acv_amount: Mapped[float | None]
    acv_currency: Mapped[str | None]
    acv_basis: Mapped[str | None]
    fields: Mapped[dict[str, Any]]
    trigger_ids: Mapped[list[str]]
    reason_code: Mapped[str | None]
    due_at: Mapped[int | None]
    escalated_at: Mapped[int | None]
    snoozed_until: Mapped[int | None]
    clock_at: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]
    closed_at: Mapped[int | None]
    version: Mapped[int]

    __table_args__ = (
        Index("csqls_one_open", "account_id", "play", unique=True, postgresql_where="closed_at is null"),
        Index("csqls_due", "due_at", postgresql_where="closed_at is null and escalated_at is null"),
        Index("csqls_newest", "created_at", "csql_id"),
        Index("csqls_of_owner", "owner_id"),
    )


class TaskRow(Row):
    """Something to do about a risk or about adoption. Open while `closed_at` is null; one for an account and play."""

    __tablename__ = "tasks"
    task_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    play: Mapped[str]
    kind: Mapped[str]
    segment: Mapped[str]
    stage: Mapped[str]
    owner_role: Mapped[str]
    owner_id: Mapped[str | None]
    trigger_ids: Mapped[list[str]]
    escalate_at: Mapped[int]
    due_at: Mapped[int]
    escalated_at: Mapped[int | None]
    overdue_at: Mapped[int | None]
    created_at: Mapped[int]
    updated_at: Mapped[int]
    closed_at: Mapped[int | None]
    version: Mapped[int]

    __table_args__ = (
        Index("tasks_one_open", "account_id", "play", unique=True, postgresql_where="closed_at is null"),
        Index("tasks_due", "escalate_at", postgresql_where="closed_at is null"),
        Index("tasks_newest", "created_at", "task_id"),
        Index("tasks_of_owner", "owner_id"),
    )


class HistoryRow(Row):
    """One change of a lead or task: who, when, why."""

    __tablename__ = "history"
    change_id: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str]
    item_id: Mapped[str]
    version: Mapped[int]
    account_id: Mapped[str]
    change: Mapped[str]
    stage: Mapped[str]
    previous_stage: Mapped[str | None]
    actor: Mapped[str]
    reason: Mapped[str | None]
    fields: Mapped[dict[str, Any]]
    at: Mapped[int]

    __table_args__ = (
        Index("history_of_item", "item_id", "version", unique=True),
        Index("history_of_account", "account_id", "at"),
    )


class AccountRow(Row):
    """An account as signals explained it last. `body` is the snapshot.

    Shape: `usage_per_seat` is null for accounts without seats and for those that have churned; `cross_sell` tells of a
    healthy account whether a trigger of `cross_sell_fit` is open, and is null for others.
    """

    __tablename__ = "accounts"
    account_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    segment: Mapped[str]
    readiness: Mapped[int]
    epoch: Mapped[str]
    log_offset: Mapped[int]
    at: Mapped[int]
    body: Mapped[bytes]
    usage_per_seat: Mapped[float | None]
    cross_sell: Mapped[bool | None]

    __table_args__ = (Index("accounts_of_segment", "segment", "account_id"),)


class AccountEventRow(Row):
    """An account or commercial event, for the timeline and the reports."""

    __tablename__ = "account_events"
    account_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    user_id: Mapped[str | None]
    occurred_at: Mapped[int]
    body: Mapped[bytes]

    __table_args__ = (Index("account_events_of_account", "account_id", "occurred_at"),)


class PersonRow(Row):
    """A colleague. `body` is the public record of `people`."""

    __tablename__ = "people"
    person_id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    last_assigned_at: Mapped[int | None]
    updated_at: Mapped[int]


class OutboxRow(Row):
    """A record for Kafka, deleted when it is there; null is a tombstone, `everywhere` means every partition."""

    __tablename__ = "outbox"
    outbox_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    topic: Mapped[str]
    key: Mapped[bytes | None]
    value: Mapped[bytes | None]
    created_at: Mapped[int]
    everywhere: Mapped[bool] = mapped_column(server_default=false())


class RemovalRow(Row):
    """An account that an operator has removed, and when in the latest case: what comes of before opens nothing."""

    __tablename__ = "removals"
    account_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]


class NightRow(Row):
    """Work that is done once a night, and the day whose night it was done in last. Units: days since 1970 (UTC)."""

    __tablename__ = "nights"
    work: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[int]


class TokenRow(Row):
    """Who may use the API. The token itself is kept nowhere, only its SHA-256."""

    __tablename__ = "tokens"
    token_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[int]
    revoked_at: Mapped[int | None]


class ReplyRow(Row):
    """The answer given under an `Idempotency-Key`, to be given again."""

    __tablename__ = "replies"
    token_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    etag: Mapped[str | None]
    body: Mapped[bytes]
    at: Mapped[int]

    __table_args__ = (Index("replies_by_age", "at"),)
