"""The scorecard."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.core.scorecard import ScorecardRow, make_row, rank, read_gist
from services.pipeline.repository import accounts


async def read_scorecard(session: AsyncSession, segment: str | None) -> list[ScorecardRow]:
    """Return one row for each account, the readiest first."""
    return rank(make_row(read_gist(body)) for body in await accounts.all_snapshots(session, segment))
