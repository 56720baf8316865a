"""What has been taken in: at-least-once topics become once."""

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.tables import inbox

LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")


async def take(connection: AsyncConnection, item_id: str, record: str, now_ms: int) -> bool:
    """Return whether this is the first time that a record is seen; it is marked as taken in the same transaction."""
    statement = (
        insert(inbox)
        .values(item_id=item_id, record=record, taken_at=now_ms)
        .on_conflict_do_nothing()
        .returning(inbox.c.item_id)
    )
    return (await connection.execute(statement)).first() is not None


async def lock_key(connection: AsyncConnection, account_id: str, play: str) -> None:
    """Wait until nobody else changes the message of a key; held to the end of the transaction."""
    await connection.execute(LOCK, {"key": f"notify {account_id} {play}"})
