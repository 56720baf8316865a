"""What is kept of an account that an operator has removed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import AccountEventRow, AccountRow, CsqlRow, TaskRow, TriggerRow


async def remove_account(session: AsyncSession, account_id: str, at: int) -> None:
    """Delete an account's snapshot, and its events up to an instant; leads, tasks and their history stay."""
    await session.execute(delete(AccountRow).where(AccountRow.account_id == account_id))
    events = delete(AccountEventRow).where(AccountEventRow.account_id == account_id)
    await session.execute(events.where(AccountEventRow.received_at <= at))


async def leads(session: AsyncSession, account_id: str, at: int) -> Sequence[CsqlRow]:
    """Return the open leads of an account as it was before an instant, held to the end of the transaction."""
    found = select(CsqlRow).where(CsqlRow.account_id == account_id, CsqlRow.closed_at.is_(None))
    return (await session.scalars(found.where(_of_before(CsqlRow.csql_id, CsqlRow, at)).with_for_update())).all()


async def tasks(session: AsyncSession, account_id: str, at: int) -> Sequence[TaskRow]:
    """Return the open tasks of an account as it was before an instant, held to the end of the transaction."""
    found = select(TaskRow).where(TaskRow.account_id == account_id, TaskRow.closed_at.is_(None))
    return (await session.scalars(found.where(_of_before(TaskRow.task_id, TaskRow, at)).with_for_update())).all()


def _of_before(name: Any, table: Any, at: int) -> Any:
    """Tell by its evidence whether an item is of before; the rows may have been written later, after a pause."""
    evidence = select(TriggerRow.trigger_id).where(TriggerRow.item_id == name)
    told = func.greatest(TriggerRow.fired_at, TriggerRow.released_at)
    by_evidence = evidence.exists() & ~evidence.where(told > at).exists()
    return or_(by_evidence, ~evidence.exists() & (table.created_at <= at))
