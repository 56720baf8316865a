"""Messages, what they tell of, and where they are shown."""

from typing import Any

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.core.card import Told
from services.notify.core.group import Message
from services.notify.core.words import Action, State
from services.notify.tables import deliveries, message_triggers, messages, placements
from shared.kernel.triggers import Trigger

NOT_SHOWN = (State.DEAD, State.NOT_SENT)


class OpenMessage(msgspec.Struct, frozen=True):
    """The open message of a key as stored. Shape: `shown_in` names the channels that have it or will."""

    message_id: int
    version: int
    message: Message
    shown_in: frozenset[str]


async def find_open(connection: AsyncConnection, account_id: str, play: str) -> OpenMessage | None:
    """Return the open message of a key."""
    told = (
        select(func.array_agg(message_triggers.c.trigger_id))
        .where(message_triggers.c.message_id == messages.c.message_id, message_triggers.c.resolved_at.is_(None))
        .scalar_subquery()
    )
    shown = (
        select(func.array_agg(deliveries.c.channel.distinct()))
        .where(
            deliveries.c.message_id == messages.c.message_id,
            deliveries.c.action == Action.POST,
            deliveries.c.state.not_in(NOT_SHOWN),
        )
        .scalar_subquery()
    )
    statement = select(messages, told.label("told"), shown.label("shown")).where(
        messages.c.account_id == account_id, messages.c.play == play, messages.c.closed_at.is_(None)
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    message = Message(row.urgency, frozenset(row.told or ()))
    return OpenMessage(row.message_id, row.version, message, frozenset(row.shown or ()))


async def open_message(connection: AsyncConnection, trigger: Trigger, urgency: int, now_ms: int) -> OpenMessage:
    """Open the message of a trigger's key and return it."""
    statement = (
        insert(messages)
        .values(
            account_id=trigger.account_id,
            play=trigger.recommendation.play,
            urgency=urgency,
            version=1,
            opened_at=now_ms,
            changed_at=now_ms,
        )
        .returning(messages.c.message_id)
    )
    message_id = (await connection.execute(statement)).scalar_one()
    return OpenMessage(message_id, 1, Message(urgency, frozenset()), frozenset())


async def change_message(
    connection: AsyncConnection, message_id: int, now_ms: int, *, urgency: int | None = None, closed: bool = False
) -> int:
    """Note that a message says something else now, and return its new version."""
    changes: dict[str, Any] = {"version": messages.c.version + 1, "changed_at": now_ms}
    if urgency is not None:
        changes["urgency"] = urgency
    if closed:
        changes["closed_at"] = now_ms
    statement = update(messages).where(messages.c.message_id == message_id).values(changes)
    return int((await connection.execute(statement.returning(messages.c.version))).scalar_one())


async def tell(connection: AsyncConnection, message_id: int, trigger: Trigger, now_ms: int) -> None:
    """Add a trigger to what a message tells of."""
    statement = insert(message_triggers).values(
        message_id=message_id,
        trigger_id=trigger.trigger_id,
        body=msgspec.to_builtins(trigger),
        joined_at=now_ms,
    )
    again = statement.on_conflict_do_update(
        index_elements=["message_id", "trigger_id"], set_={"body": statement.excluded.body, "resolved_at": None}
    )
    await connection.execute(again)


async def note_end(connection: AsyncConnection, message_id: int, trigger_id: str, now_ms: int) -> None:
    """Note that a trigger has ended."""
    statement = (
        update(message_triggers)
        .where(message_triggers.c.message_id == message_id, message_triggers.c.trigger_id == trigger_id)
        .values(resolved_at=now_ms)
    )
    await connection.execute(statement)


async def told_of(connection: AsyncConnection, message_id: int) -> tuple[Told, ...]:
    """Return what a message tells of, oldest first."""
    statement = (
        select(message_triggers)
        .where(message_triggers.c.message_id == message_id)
        .order_by(message_triggers.c.joined_at, message_triggers.c.trigger_id)
    )
    rows = await connection.execute(statement)
    return tuple(Told(msgspec.convert(row.body, Trigger), row.joined_at, row.resolved_at) for row in rows)


async def is_closed(connection: AsyncConnection, message_id: int) -> bool:
    """Return whether a message has been closed."""
    statement = select(messages.c.closed_at).where(messages.c.message_id == message_id)
    return (await connection.execute(statement)).scalar_one() is not None


async def place(connection: AsyncConnection, message_id: int, channel: str, ref: dict[str, str], version: int) -> None:
    """Note where a message is shown, and which version of it. A later version is never replaced by an earlier one."""
    statement = insert(placements).values(message_id=message_id, channel=channel, ref=ref, version=version)
    kept = statement.on_conflict_do_update(
        index_elements=["message_id", "channel"],
        set_={
            "ref": func.coalesce(func.nullif(statement.excluded.ref, func.jsonb_build_object()), placements.c.ref),
            "version": func.greatest(placements.c.version, statement.excluded.version),
        },
    )
    await connection.execute(kept)
