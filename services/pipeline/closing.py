"""A removed account has no work left: its open leads and tasks are closed, and say why.

Shape: a lead ends as `disqualified`, a task as `cancelled`, with the reason `account removed`. What was opened for the
account that came afterwards under the same name stays; what is told later of before opens nothing (`intake`).
Source: reliability (erasure).
"""

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.changes import Change, record
from services.pipeline.context import Context
from services.pipeline.core.stages import Stage
from services.pipeline.repository import removals

REASON = "account removed"
CANCELLED_TASK = "cancelled"


async def close_work(session: AsyncSession, context: Context, account_id: str, at: int, now: int) -> None:
    """Close what is open for an account that was removed at an instant."""
    for lead in await removals.leads(session, account_id, at):
        before = lead.stage
        lead.stage, lead.stage_since, lead.closed_at = Stage.DISQUALIFIED, now, now
        lead.due_at = lead.escalated_at = lead.snoozed_until = None
        record(session, context, lead, Change(kind="moved", at=now, reason=REASON, previous_stage=before))
    for task in await removals.tasks(session, account_id, at):
        before, task.stage, task.closed_at = task.stage, CANCELLED_TASK, now
        record(session, context, task, Change(kind="done", at=now, reason=REASON, previous_stage=before))
