"""Answers given under an `Idempotency-Key`."""

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import ReplyRow


async def take(session: AsyncSession, token_id: str, key: str, fingerprint: bytes, at: int) -> bool:
    """Return whether the key is new; a request under the same key that is still running is waited for."""
    values = {"token_id": token_id, "key": key, "fingerprint": fingerprint, "status": 0, "body": b"", "at": at}
    statement = insert(ReplyRow).values(values)
    return (await session.execute(statement.on_conflict_do_nothing().returning(ReplyRow.at))).first() is not None


async def get(session: AsyncSession, token_id: str, key: str) -> ReplyRow | None:
    """Return the answer given under a key."""
    return await session.scalar(select(ReplyRow).where(ReplyRow.token_id == token_id, ReplyRow.key == key))


async def keep(session: AsyncSession, token_id: str, key: str, *, status: int, etag: str | None, body: bytes) -> None:
    """Keep the answer for the next request under this key."""
    statement = update(ReplyRow).where(ReplyRow.token_id == token_id, ReplyRow.key == key)
    await session.execute(statement.values(status=status, etag=etag, body=body))


async def forget(session: AsyncSession, before: int) -> None:
    """Forget the answers given before an instant."""
    await session.execute(delete(ReplyRow).where(ReplyRow.at < before))
