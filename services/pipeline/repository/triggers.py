"""Triggers and where they stand."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import TriggerRow
from shared.kernel.triggers import Trigger, encode_trigger

INSTANTS = {"fired": "fired_at", "held": "held_at", "released": "released_at", "resolved": "resolved_at"}


async def keep(session: AsyncSession, trigger: Trigger) -> None:
    """Keep a record of a trigger: the newest one's body and state, and when each kind of record came."""
    instant = INSTANTS[trigger.record]
    values = {
        "trigger_id": trigger.trigger_id,
        "account_id": trigger.account_id,
        "rule": trigger.rule,
        "kind": trigger.kind,
        "play": trigger.recommendation.play,
        "state": trigger.record,
        "body": encode_trigger(trigger),
        instant: trigger.occurred_at,
    }
    statement = insert(TriggerRow).values(values)
    changed = {name: statement.excluded[name] for name in ("state", "body", instant)}
    await session.execute(statement.on_conflict_do_update(index_elements=[TriggerRow.trigger_id], set_=changed))


async def attach(session: AsyncSession, trigger_id: str, item: str, item_id: str) -> None:
    """Make a trigger evidence of a lead or task."""
    statement = update(TriggerRow).where(TriggerRow.trigger_id == trigger_id)
    await session.execute(statement.values(item=item, item_id=item_id))


async def of_items(session: AsyncSession, item_ids: Sequence[str]) -> Sequence[TriggerRow]:
    """Return the evidence of leads or tasks, oldest first."""
    found = select(TriggerRow).where(TriggerRow.item_id.in_(item_ids))
    return (await session.scalars(found.order_by(TriggerRow.fired_at, TriggerRow.trigger_id))).all()


async def of_account(session: AsyncSession, account_id: str, most: int) -> Sequence[TriggerRow]:
    """Return the newest triggers of an account."""
    latest = func.greatest(TriggerRow.fired_at, TriggerRow.held_at, TriggerRow.released_at, TriggerRow.resolved_at)
    found = select(TriggerRow).where(TriggerRow.account_id == account_id)
    return (await session.scalars(found.order_by(latest.desc(), TriggerRow.trigger_id).limit(most))).all()


async def count_held(session: AsyncSession) -> int:
    """Return how many triggers are held now."""
    return await session.scalar(select(func.count()).where(TriggerRow.state == "held")) or 0
