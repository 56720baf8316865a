"""Messages, what they tell of, and where they are shown."""

from typing import Any

import msgspec
from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.tables import message_triggers, messages, placements
from shared.kernel.triggers import Trigger


async def open_message(connection: AsyncConnection, trigger: Trigger, urgency: int, now_ms: int) -> int:
    """Open the message of a trigger's key, which tells of it, and return its id; its version is 1."""
    opened = (
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
        .cte("opened")
    )
    told = {
        "trigger_id": trigger.trigger_id,
        "body": msgspec.to_builtins(trigger),
        "joined_at": now_ms,
    }
    row = select(opened.c.message_id, *(literal(told[name], message_triggers.c[name].type) for name in told))
    statement = insert(message_triggers).from_select(["message_id", *told], row)
    return int((await connection.execute(statement.returning(message_triggers.c.message_id))).scalar_one())


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
