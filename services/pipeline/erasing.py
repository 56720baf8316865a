"""An erasure as it arrives on `account.facts`: in one transaction nothing names the person any more.

What comes later from before the erasure, from either feed, is written without the name. Source: definition 67.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.metrics import ERASURES
from services.pipeline.repository import accounts, erasure
from shared.kernel import unnamed
from shared.kernel.triggers import Trigger

Row = dict[str, Any]


async def keep_events(session: AsyncSession, rows: Sequence[Row]) -> list[Row]:
    """Keep account events, those of who was erased without the name; return the erasures among them."""
    named = [row for row in rows if row["user_id"] is not None]
    erased = [row for row in named if row["type"] == erasure.TYPE]
    await erasure.hold(session, (row["account_id"] for row in erased), alone=True)
    known = await erasure.known(session, {(row["account_id"], row["user_id"]) for row in named})
    for row in erased:
        person = row["account_id"], unnamed.token(row["account_id"], row["user_id"])
        known[person] = max(row["occurred_at"], known.get(person, row["occurred_at"]))
    await accounts.keep_events(session, [_veiled(row, known) for row in rows])
    return erased


def _veiled(row: Row, known: erasure.Erasures) -> Row:
    user_id = row["user_id"]
    if user_id is None:
        return row
    at = known.get((row["account_id"], unnamed.token(row["account_id"], user_id)))
    return row if at is None or row["occurred_at"] > at else erasure.veil(row, user_id)


async def forget(session: AsyncSession, erased: Sequence[Row]) -> None:
    """Take persons out of everything that is kept of their accounts."""
    for row in erased:
        await session.flush()
        await erasure.forget(session, row["account_id"], row["user_id"], row["occurred_at"])
        ERASURES.inc()


async def veil_triggers(session: AsyncSession, batch: Sequence[Trigger]) -> list[Trigger]:
    """Return triggers without the names of who was erased since: this feed may be behind that of the facts."""
    bodies = {id(one): msgspec.to_builtins(one) for one in batch}
    named = {id(one): tuple(unnamed.persons_of(bodies[id(one)])) for one in batch}
    await erasure.hold(session, (one.account_id for one in batch if named[id(one)]), alone=False)
    known = await erasure.known(session, {(one.account_id, name) for one in batch for name in named[id(one)]})
    return [_unnamed(one, bodies[id(one)], named[id(one)], known) if known else one for one in batch]


def _unnamed(trigger: Trigger, body: dict[str, Any], named: Sequence[str], known: erasure.Erasures) -> Trigger:
    gone = [
        name
        for name in named
        if trigger.occurred_at <= known.get((trigger.account_id, unnamed.token(trigger.account_id, name)), -1)
    ]
    for name in gone:
        unnamed.unname_trigger(body, name)
    return msgspec.convert(body, Trigger) if gone else trigger
