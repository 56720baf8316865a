"""What has been taken from the log already."""

from collections.abc import Iterable

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


async def take_all(session: AsyncSession, records: Iterable[tuple[str, str]], at: int) -> set[tuple[str, str]]:
    """Return which records are taken now for the first time. Shape: a record is a trigger's id and its kind."""
    values = [{"trigger_id": name, "record": record, "at": at} for name, record in sorted(set(records))]
    if not values:
        return set()
    statement = insert(InboxRow).values(values).on_conflict_do_nothing()
    taken = await session.execute(statement.returning(InboxRow.trigger_id, InboxRow.record))
    return {(name, record) for name, record in taken}
