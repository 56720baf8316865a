"""What is kept of an account that an operator has removed, and when that was."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import AccountEventRow, AccountRow, CsqlRow, RemovalRow, TaskRow, TriggerRow

LOCK = func.hashtextextended("pipeline removals", 0)


async def known(session: AsyncSession, account_ids: Iterable[str]) -> dict[str, int]:
    """Return which of these accounts have been removed, and when; none is removed until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock_shared(LOCK)))
    found = select(RemovalRow.account_id, RemovalRow.at).where(RemovalRow.account_id.in_(set(account_ids)))
    return {row.account_id: row.at for row in await session.execute(found)}


async def remove_account(session: AsyncSession, account_id: str, at: int) -> None:
    """Delete an account's snapshot, and its events up to an instant; leads, tasks and their history stay.

    It waits for transactions that may open something for an account, and lets the next ones know.
    """
    await session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    note = insert(RemovalRow).values(account_id=account_id, at=at)
    latest = {"at": func.greatest(RemovalRow.at, note.excluded.at)}
    await session.execute(note.on_conflict_do_update(index_elements=[RemovalRow.account_id], set_=latest))
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
