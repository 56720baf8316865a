"""Accounts as signals explained them last, and their events."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import AccountEventRow, AccountRow


async def keep_snapshots(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the newest snapshot of each account; an older one of the same log changes nothing."""
    if not rows:
        return
    statement = insert(AccountRow)
    given = statement.excluded
    newer = or_(given.epoch != AccountRow.epoch, given.log_offset >= AccountRow.log_offset)
    changed = {name: given[name] for name in rows[0] if name != "account_id"}
    upsert = statement.on_conflict_do_update(index_elements=[AccountRow.account_id], set_=changed, where=newer)
    await session.execute(upsert, sorted(rows, key=lambda row: str(row["account_id"])))


async def keep_events(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep account events; one that is there already changes nothing."""
    if rows:
        ordered = sorted(rows, key=lambda row: (row["account_id"], row["source"], row["event_id"]))
        await session.execute(insert(AccountEventRow).on_conflict_do_nothing(), ordered)


async def get(session: AsyncSession, account_id: str) -> AccountRow | None:
    """Return an account."""
    return await session.scalar(select(AccountRow).where(AccountRow.account_id == account_id))


async def page(session: AsyncSession, segment: str | None, after: str | None, most: int) -> Sequence[AccountRow]:
    """Return accounts by id that come after the given one."""
    found = select(AccountRow).order_by(AccountRow.account_id).limit(most)
    if segment is not None:
        found = found.where(AccountRow.segment == segment)
    if after is not None:
        found = found.where(AccountRow.account_id > after)
    return (await session.scalars(found)).all()


async def all_snapshots(session: AsyncSession, segment: str | None) -> Sequence[bytes]:
    """Return the snapshot of every account."""
    found = select(AccountRow.body)
    if segment is not None:
        found = found.where(AccountRow.segment == segment)
    return (await session.scalars(found)).all()


async def count_cross_sells(session: AsyncSession) -> tuple[int, int]:
    """Return how many healthy accounts there are, and how many of them show a cross-sell."""
    shown = func.count().filter(AccountRow.cross_sell.is_(True))
    healthy, showing = (await session.execute(select(func.count(AccountRow.cross_sell), shown))).one()
    return healthy, showing


async def events(session: AsyncSession, account_id: str, most: int) -> Sequence[AccountEventRow]:
    """Return the newest events of an account."""
    found = select(AccountEventRow).where(AccountEventRow.account_id == account_id)
    return (await session.scalars(found.order_by(AccountEventRow.occurred_at.desc()).limit(most))).all()
