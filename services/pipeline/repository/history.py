"""What happened to leads and tasks: who, when, why."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import HistoryRow


async def of_item(session: AsyncSession, item_id: str) -> Sequence[HistoryRow]:
    """Return all changes of a lead or task, oldest first."""
    return (
        await session.scalars(select(HistoryRow).where(HistoryRow.item_id == item_id).order_by(HistoryRow.version))
    ).all()


async def of_account(session: AsyncSession, account_id: str, most: int) -> Sequence[HistoryRow]:
    """Return the newest changes of an account's leads and tasks."""
    found = select(HistoryRow).where(HistoryRow.account_id == account_id)
    return (await session.scalars(found.order_by(HistoryRow.at.desc(), HistoryRow.version.desc()).limit(most))).all()
