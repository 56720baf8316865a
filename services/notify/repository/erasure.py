"""Who has been erased, and what of them is in the tables: rewritten in the caller's transaction.

An erasure is remembered in the inbox by what stands for the person, so that a trigger which comes after it, though it
was written before, is told without the name. Source: definition 67.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.tables import deliveries, inbox, interactions, message_triggers, messages
from shared.kernel import unnamed
from shared.kernel.triggers import Trigger

ERASED = "erased"
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
TOGETHER = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:key, 0))")


async def veil(connection: AsyncConnection, trigger: Trigger) -> Trigger:
    """Return a trigger without the names of who was erased since it was written."""
    body: dict[str, Any] = msgspec.to_builtins(trigger)
    names = {unnamed.token(trigger.account_id, name): name for name in unnamed.persons_of(body)}
    if not names:
        return trigger
    await connection.execute(TOGETHER, {"key": _key(trigger.account_id)})
    found = select(inbox.c.item_id).where(
        inbox.c.record == ERASED, inbox.c.item_id.in_(names), inbox.c.taken_at >= trigger.occurred_at
    )
    gone = (await connection.scalars(found)).all()
    for token in gone:
        unnamed.unname_trigger(body, names[token])
    return msgspec.convert(body, Trigger) if gone else trigger


async def forget(connection: AsyncConnection, account_id: str, user_id: str, at_ms: int) -> Sequence[RowMapping]:
    """Take a person who was erased at an instant out of what is kept of an account.

    Shape: the open messages that named the person, with id, account and play.
    """
    await connection.execute(ALONE, {"key": _key(account_id)})
    mark = insert(inbox).values(item_id=unnamed.token(account_id, user_id), record=ERASED, taken_at=at_ms)
    latest = {"taken_at": func.greatest(inbox.c.taken_at, mark.excluded.taken_at)}
    await connection.execute(mark.on_conflict_do_update(index_elements=["item_id", "record"], set_=latest))
    changed = await _forget_triggers(connection, account_id, user_id)
    await _forget_log(connection, account_id, unnamed.sayer(user_id))
    wanted = select(messages.c.message_id, messages.c.account_id, messages.c.play)
    return (
        (await connection.execute(wanted.where(messages.c.message_id.in_(changed), messages.c.closed_at.is_(None))))
        .mappings()
        .all()
    )


async def _forget_triggers(connection: AsyncConnection, account_id: str, user_id: str) -> set[int]:
    told, changed = message_triggers.c, set[int]()
    of_account = (
        select(told.message_id, told.trigger_id, told.body)
        .join(messages, messages.c.message_id == told.message_id)
        .where(messages.c.account_id == account_id)
    )
    for row in (await connection.execute(of_account)).all():
        before = msgspec.json.encode(row.body)
        unnamed.unname_trigger(row.body, user_id)
        if msgspec.json.encode(row.body) != before:
            this = (told.message_id == row.message_id, told.trigger_id == row.trigger_id)
            await connection.execute(update(message_triggers).where(*this).values(body=row.body))
            changed.add(row.message_id)
    return changed


async def _forget_log(connection: AsyncConnection, account_id: str, say: unnamed.Say) -> None:
    log, asked = deliveries.c, interactions.c
    of_account = select(log.delivery_id, log.line, log.trigger_id).where(log.account_id == account_id)
    rows = (await connection.execute(of_account)).all()
    for row in rows:
        if say(row.line) != row.line:
            this = log.delivery_id == row.delivery_id
            await connection.execute(update(deliveries).where(this).values(line=say(row.line)))
    pressed = select(asked.interaction_id, asked.body).where(asked.trigger_id.in_(_ids(rows)))
    for press in (await connection.execute(pressed)).all():
        this = asked.interaction_id == press.interaction_id
        await connection.execute(update(interactions).where(this).values(body=unnamed.unname(press.body, say)))


def _ids(rows: Iterable[Any]) -> list[str]:
    return sorted({row.trigger_id for row in rows})


def _key(account_id: str) -> str:
    return f"notify erasure {account_id}"
