"""Who may use the API."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import TokenRow


def add(session: AsyncSession, row: TokenRow) -> None:
    """Keep a new token's digest."""
    session.add(row)


async def valid(session: AsyncSession, digest: bytes) -> TokenRow | None:
    """Return the token with this digest, unless it was revoked."""
    found = select(TokenRow).where(TokenRow.digest == digest, TokenRow.revoked_at.is_(None))
    return await session.scalar(found)


async def revoke(session: AsyncSession, token_id: str, at: int) -> bool:
    """Return whether there was such a token, from now on refused."""
    statement = update(TokenRow).where(TokenRow.token_id == token_id, TokenRow.revoked_at.is_(None))
    return (await session.execute(statement.values(revoked_at=at).returning(TokenRow.token_id))).first() is not None


async def all_tokens(session: AsyncSession) -> Sequence[TokenRow]:
    """Return all tokens, the revoked too, oldest first."""
    return (await session.scalars(select(TokenRow).order_by(TokenRow.created_at))).all()
