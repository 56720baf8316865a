"""What was due and is not done: each missed service level escalates once.

Source: playbook sections 7 and 9.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.changes import Change, record
from services.pipeline.context import Context
from services.pipeline.core.stages import MOVES, Stage
from services.pipeline.metrics import ESCALATIONS
from services.pipeline.repository import csqls, replies, tasks
from services.pipeline.settings import Settings
from services.pipeline.tables import TaskRow
from services.pipeline.unit import DATABASE_ERRORS, Patience, Unit, say
from shared.kernel.clock import HOUR_MS, iso
from shared.kernel.errors import DependencyError

MOST_AT_ONCE = 200


async def keep_escalating(settings: Settings, context: Context, unit: Unit, clock: Callable[[], int]) -> None:
    """Escalate what has been missed, until cancelled. Errors: `DependencyError` past the deadline."""
    patience = Patience(settings.retry_seconds)
    while True:
        now = clock()
        forgotten = now - settings.reply_hours * HOUR_MS
        try:
            await unit.run("escalate", partial(escalate, context=context, now=now))
            await unit.run("forget", partial(replies.forget, before=forgotten), rings=False)
            patience = Patience(settings.retry_seconds)
        except DATABASE_ERRORS as error:
            if patience.is_over():
                raise DependencyError(f"the database does not answer: {say(error)}") from error
        await asyncio.sleep(settings.escalation_seconds)


async def escalate(session: AsyncSession, context: Context, now: int) -> int:
    """Escalate what has been missed, at most so many at once, and return how many there were."""
    leads = await csqls.missed(session, now, MOST_AT_ONCE)
    for lead in leads:
        lead.escalated_at = now
        step = MOVES[Stage(lead.stage)][0]
        reason = f"{step} was due {iso(lead.due_at or now)}"
        record(session, context, lead, Change(kind="escalated", at=now, reason=reason))
        ESCALATIONS.labels("csql").inc()
    late = await tasks.missed(session, now, MOST_AT_ONCE)
    for task in late:
        _escalate_task(session, context, task, now)
    return len(leads) + len(late)


def _escalate_task(session: AsyncSession, context: Context, task: TaskRow, now: int) -> None:
    if task.escalated_at is None:
        task.escalated_at = now
        reason = f"the task should have been done by {iso(task.escalate_at)}"
        record(session, context, task, Change(kind="escalated", at=now, reason=reason))
        ESCALATIONS.labels("task").inc()
    if task.escalate_at < task.due_at <= now and task.overdue_at is None:
        task.overdue_at = now
        reason = f"the task is overdue since {iso(task.due_at)}"
        record(session, context, task, Change(kind="warned", at=now, reason=reason))
