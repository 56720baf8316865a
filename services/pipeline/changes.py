"""Every change of a lead or task leaves two rows in its transaction: one of history, one for `csql.changes`."""

from typing import Literal
from uuid import UUID, uuid5

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.context import Context
from services.pipeline.core.stages import Field
from services.pipeline.metrics import CHANGES
from services.pipeline.repository import outbox
from services.pipeline.tables import CsqlRow, HistoryRow, TaskRow
from shared.kernel.csql_changes import CsqlChange, encode_change
from shared.kernel.topics import CSQL_CHANGES
from shared.kernel.triggers import EstimatedAcv

NAMESPACE = UUID("3d8f5f0a-64f4-5a55-8d3e-0b7f4b1f2f6c")
SYSTEM = "system"
ChangeKind = Literal["created", "joined", "moved", "snoozed", "noted", "assigned", "escalated", "warned", "done"]
Item = Literal["csql", "task"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: by whom, when, why. Units: `at` an instant in milliseconds."""

    kind: ChangeKind
    at: int
    actor: str = SYSTEM
    reason: str | None = None
    previous_stage: str | None = None
    fields: dict[str, Field] = {}


def name_item(item: Item, cause: str) -> str:
    """Return the id of the lead or task that a trigger makes, the same however often it is made."""
    return str(uuid5(NAMESPACE, f"{item}/{cause}"))


def estimate_of(row: CsqlRow) -> EstimatedAcv | None:
    """Return what a lead may be worth a year."""
    if row.acv_amount is None or row.acv_currency is None:
        return None
    return EstimatedAcv(row.acv_amount, row.acv_currency, row.acv_basis or "")


def record(session: AsyncSession, context: Context, row: CsqlRow | TaskRow, change: Change) -> None:
    """Record a change that has been made to a lead or task."""
    if change.kind != "created":
        row.version += 1
        row.updated_at = change.at
    item: Item = "csql" if isinstance(row, CsqlRow) else "task"
    item_id = row.csql_id if isinstance(row, CsqlRow) else row.task_id
    message = CsqlChange(
        change_id=str(uuid5(NAMESPACE, f"{item_id}/{row.version}")),
        change=change.kind,
        item=item,
        item_id=item_id,
        account_id=row.account_id,
        play=row.play,
        stage=row.stage,
        previous_stage=change.previous_stage,
        owner_id=row.owner_id,
        owner_role=row.owner_role,
        trigger_ids=tuple(row.trigger_ids),
        estimated_acv=estimate_of(row) if isinstance(row, CsqlRow) else None,
        due_at=row.due_at,
        actor=change.actor,
        reason=change.reason,
        at=change.at,
    )
    session.add(_history(message, row.version, change.fields))
    outbox.add(session, context.topic(CSQL_CHANGES), row.account_id, encode_change(message), change.at)
    CHANGES.labels(item, change.kind).inc()


def _history(message: CsqlChange, version: int, fields: dict[str, Field]) -> HistoryRow:
    return HistoryRow(
        change_id=message.change_id,
        item=message.item,
        item_id=message.item_id,
        version=version,
        account_id=message.account_id,
        change=message.change,
        stage=message.stage,
        previous_stage=message.previous_stage,
        actor=message.actor,
        reason=message.reason,
        fields=dict(fields),
        at=message.at,
    )
