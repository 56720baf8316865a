"""What has been taken from the log already."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import InboxRow


async def take(session: AsyncSession, trigger_id: str, record: str, at: int) -> bool:
    """Return whether a record is taken now for the first time.

    Another transaction that is taking the same record is waited for.
    """
    statement = insert(InboxRow).values(trigger_id=trigger_id, record=record, at=at)
    taken = await session.execute(statement.on_conflict_do_nothing().returning(InboxRow.record))
    return taken.first() is not None
