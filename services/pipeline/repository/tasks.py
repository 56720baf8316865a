"""Tasks."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import TaskRow


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are asked for; None: any."""

    account_id: str | None = None
    owner_id: str | None = None
    kind: str | None = None
    open: bool | None = None


async def open_ones(session: AsyncSession, wanted: Sequence[tuple[str, str]]) -> Sequence[TaskRow]:
    """Return the open tasks of pairs of account and play, held to the end of the transaction."""
    if not wanted:
        return ()
    found = select(TaskRow).where(tuple_(TaskRow.account_id, TaskRow.play).in_(wanted), TaskRow.closed_at.is_(None))
    return (await session.scalars(found.order_by(TaskRow.account_id, TaskRow.play).with_for_update())).all()


async def get(session: AsyncSession, task_id: str) -> TaskRow | None:
    """Return a task, held to the end of the transaction."""
    return await session.scalar(select(TaskRow).where(TaskRow.task_id == task_id).with_for_update())


async def page(
    session: AsyncSession, wanted: TaskFilter, after: tuple[int, str] | None, most: int
) -> Sequence[TaskRow]:
    """Return tasks, newest first, that come after the given instant of creation and id."""
    found = select(TaskRow).order_by(TaskRow.created_at.desc(), TaskRow.task_id.desc()).limit(most)
    for name in ("account_id", "owner_id", "kind"):
        value = getattr(wanted, name)
        if value is not None:
            found = found.where(getattr(TaskRow, name) == value)
    if wanted.open is not None:
        found = found.where(TaskRow.closed_at.is_(None) if wanted.open else TaskRow.closed_at.is_not(None))
    if after:
        found = found.where(tuple_(TaskRow.created_at, TaskRow.task_id) < after)
    return (await session.scalars(found)).all()


async def missed(session: AsyncSession, now: int, most: int) -> Sequence[TaskRow]:
    """Return open tasks that should have escalated, or are overdue and not said to be, held."""
    escalating = and_(TaskRow.escalate_at <= now, TaskRow.escalated_at.is_(None))
    overdue = and_(TaskRow.due_at <= now, TaskRow.due_at > TaskRow.escalate_at, TaskRow.overdue_at.is_(None))
    found = select(TaskRow).where(TaskRow.closed_at.is_(None), or_(escalating, overdue)).order_by(TaskRow.escalate_at)
    return (await session.scalars(found.limit(most).with_for_update(skip_locked=True))).all()


async def count_by_kind(session: AsyncSession) -> dict[str, int]:
    """Return how many open tasks there are of each kind."""
    counted = select(TaskRow.kind, func.count()).where(TaskRow.closed_at.is_(None)).group_by(TaskRow.kind)
    return dict((await session.execute(counted)).all())
