"""What is done once a night, and the bounds that the accounts' usage per seat has then."""

from sqlalchemy import Numeric, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import AccountRow, NightRow

FIFTHS = (0.2, 0.4, 0.6, 0.8)
FEWEST_ACCOUNTS = 5  # fewer have no fifths
Bounds = tuple[float, float, float, float]


async def take(session: AsyncSession, work: str, day: int) -> bool:
    """Take a night's work for the whole transaction; tell whether it is still to be done.

    Of several processes the second one waits here until the first has committed, and then finds it done.
    """
    statement = insert(NightRow).values(work=work, day=day)
    later = statement.on_conflict_do_update(
        index_elements=[NightRow.work], set_={"day": day}, where=NightRow.day < day
    ).returning(NightRow.day)
    return await session.scalar(later) is not None


async def usage_bounds(session: AsyncSession) -> dict[str, Bounds]:
    """Return the four bounds between the fifths of usage per seat, for each segment with enough accounts."""
    usage = AccountRow.usage_per_seat
    first, second, third, fourth = (
        cast(func.percentile_disc(share).within_group(usage), Numeric(21, 6)) for share in FIFTHS
    )
    found = (
        select(AccountRow.segment, first, second, third, fourth)
        .where(usage.is_not(None))
        .group_by(AccountRow.segment)
        .having(func.count() >= FEWEST_ACCOUNTS)
    )
    return {segment: (float(a), float(b), float(c), float(d)) for segment, a, b, c, d in await session.execute(found)}
