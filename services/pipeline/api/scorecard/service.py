"""The scorecard."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.core.scorecard import ScorecardRow, make_row, rank, read_gist
from services.pipeline.repository import accounts
from shared.kernel.ids import TEST_ACCOUNTS


async def read_scorecard(session: AsyncSession, segment: str | None) -> list[ScorecardRow]:
    """Return one row for each account, the readiest first; the test accounts of `upswing init` are left out."""
    gists = (read_gist(body) for body in await accounts.all_snapshots(session, segment))
    return rank(make_row(gist) for gist in gists if not gist.account_id.startswith(TEST_ACCOUNTS))
