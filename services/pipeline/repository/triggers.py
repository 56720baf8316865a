"""Triggers and where they stand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import TriggerRow
from shared.kernel.triggers import Trigger, encode_trigger

INSTANTS = {"fired": "fired_at", "held": "held_at", "released": "released_at", "resolved": "resolved_at"}
KEPT = (*INSTANTS.values(), "item", "item_id")
ItemName = tuple[str, str]


async def keep(session: AsyncSession, batch: Sequence[Trigger], evidence: Mapping[str, ItemName]) -> None:
    """Keep records of triggers, in order: the newest state and body, when each kind came, of what it is evidence."""
    if not batch:
        return
    statement = insert(TriggerRow)
    given = statement.excluded
    changed: dict[str, Any] = {name: given[name] for name in ("state", "body")}
    changed |= {name: func.coalesce(given[name], getattr(TriggerRow, name)) for name in KEPT}
    upsert = statement.on_conflict_do_update(index_elements=[TriggerRow.trigger_id], set_=changed)
    await session.execute(upsert, [_values(trigger, evidence.get(trigger.trigger_id)) for trigger in batch])


def _values(trigger: Trigger, evidence_of: ItemName | None) -> dict[str, Any]:
    item, item_id = evidence_of or (None, None)
    instants = {name: trigger.occurred_at if trigger.record == record else None for record, name in INSTANTS.items()}
    return {
        "trigger_id": trigger.trigger_id,
        "account_id": trigger.account_id,
        "rule": trigger.rule,
        "kind": trigger.kind,
        "play": trigger.recommendation.play,
        "state": trigger.record,
        "item": item,
        "item_id": item_id,
        "body": encode_trigger(trigger),
        **instants,
    }


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
