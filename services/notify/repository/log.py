"""The delivery log: writing decisions, and reading what became of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.core.words import UNSETTLED, Action, State, Why
from services.notify.tables import deliveries, messages
from shared.kernel.triggers import Trigger

SHOWN = tuple(column for column in deliveries.c if column.name not in {"sample", "lease_token", "lease_until"})
FILTERS = ("account_id", "play", "trigger_id", "channel", "state", "why")


class Entry(msgspec.Struct, kw_only=True):
    """A decision about one channel (`channel` None: about all). Units: instants in milliseconds."""

    trigger: Trigger
    why: Why
    note: str
    line: str
    decided_at: int
    state: State
    channel: str | None = None
    action: Action | None = None
    message_id: int | None = None
    version: int = 0
    target: str | None = None
    sample: dict[str, Any] | None = None
    marks: tuple[str, ...] = ()


async def write(connection: AsyncConnection, entries: Sequence[Entry]) -> list[int]:
    """Write decisions; those that are pending are in the outbox from the commit on. Return their ids."""
    if not entries:
        return []
    rows = [_row(entry) for entry in entries]
    result = await connection.execute(insert(deliveries).returning(deliveries.c.delivery_id), rows)
    return [row.delivery_id for row in result]


def _row(entry: Entry) -> dict[str, Any]:
    trigger = entry.trigger
    return {
        "message_id": entry.message_id,
        "version": entry.version,
        "channel": entry.channel,
        "action": entry.action,
        "state": entry.state,
        "why": entry.why,
        "note": entry.note,
        "account_id": trigger.account_id,
        "play": trigger.recommendation.play,
        "trigger_id": trigger.trigger_id,
        "line": entry.line,
        "target": entry.target,
        "sample": entry.sample,
        "marks": list(entry.marks),
        "not_before": entry.decided_at,
        "decided_at": entry.decided_at,
        "sent_at": entry.decided_at if entry.state is State.SENT else None,
        "received_at": trigger.received_at,
    }


async def read_page(
    connection: AsyncConnection, filters: Mapping[str, str], before: int | None, limit: int
) -> Sequence[RowMapping]:
    """Return deliveries that match all filters, newest first, older than the id `before`."""
    statement = select(*SHOWN).order_by(deliveries.c.delivery_id.desc()).limit(limit)
    for name, wanted in filters.items():
        statement = statement.where(deliveries.c[name] == wanted)
    if before is not None:
        statement = statement.where(deliveries.c.delivery_id < before)
    return (await connection.execute(statement)).mappings().all()


async def resend(
    connection: AsyncConnection, delivery_id: int, channels: Sequence[str], now_ms: int
) -> RowMapping | None:
    """Queue a copy of a delivery as a new post, marked as sent again.

    Shape: None when there is no such delivery to one of these channels.
    """
    copied = ("message_id", "version", "channel", "account_id", "play", "trigger_id", "line", "sample", "received_at")
    fixed: dict[str, Any] = {
        "action": Action.POST,
        "state": State.PENDING,
        "why": Why.RESENT,
        "note": f"sent again by hand: a copy of delivery {delivery_id}",
        "resend_of": delivery_id,
        "not_before": now_ms,
        "decided_at": now_ms,
    }
    original = select(
        *(deliveries.c[name] for name in copied),
        func.array_append(deliveries.c.marks, "sent again").label("marks"),
        *(literal(value, deliveries.c[name].type).label(name) for name, value in fixed.items()),
    ).where(
        deliveries.c.delivery_id == delivery_id, deliveries.c.channel.in_(channels), deliveries.c.action.is_not(None)
    )
    statement = insert(deliveries).from_select([*copied, "marks", *fixed], original).returning(*SHOWN)
    return (await connection.execute(statement)).mappings().one_or_none()


async def outbox_sizes(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return how many deliveries are unsettled, by channel and state."""
    statement = (
        select(deliveries.c.channel, deliveries.c.state, func.count().label("size"))
        .where(deliveries.c.state.in_([str(state) for state in UNSETTLED]))
        .group_by(deliveries.c.channel, deliveries.c.state)
    )
    return {(row.channel, row.state): row.size for row in await connection.execute(statement)}


async def oldest_unsent(connection: AsyncConnection) -> int | None:
    """Return when the oldest unsettled alert was decided. Units: an instant in milliseconds."""
    statement = select(func.min(deliveries.c.decided_at)).where(
        deliveries.c.state.in_([str(state) for state in UNSETTLED])
    )
    found: int | None = (await connection.execute(statement)).scalar_one()
    return found


async def open_prompts(
    connection: AsyncConnection, account_id: str, channels: Sequence[str]
) -> Sequence[tuple[int, str]]:
    """Return ids and plays of an account's open messages that are shown in one of these channels, newest first."""
    statement = (
        select(messages.c.message_id, messages.c.play)
        .where(messages.c.account_id == account_id, messages.c.closed_at.is_(None))
        .where(
            select(deliveries.c.delivery_id)
            .where(
                deliveries.c.message_id == messages.c.message_id,
                deliveries.c.channel.in_(channels),
                deliveries.c.state == State.SENT,
            )
            .exists()
        )
        .order_by(messages.c.message_id.desc())
    )
    return [(row.message_id, row.play) for row in await connection.execute(statement)]


def as_body(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger as it is stored."""
    body: dict[str, Any] = msgspec.to_builtins(trigger)
    return body
