"""Once a night: where the fifths of usage per seat lie in each segment, told to signals in every partition.

What needs more than one account enters the log as a control record. The record leaves through the outbox, written in
the transaction that takes the night, so that one process writes it and none writes it twice.
Source: playbook section 6 (whitespace), definition 41.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.context import Context
from services.pipeline.repository import accounts, nights, outbox
from services.pipeline.settings import Settings
from services.pipeline.unit import DATABASE_ERRORS, Patience, Unit, say
from shared.io.logs import get_logger
from shared.kernel.clock import day_of
from shared.kernel.codec import encode_line
from shared.kernel.controls import Quintiles
from shared.kernel.errors import DependencyError
from shared.kernel.topics import EVENTS

QUINTILES = "quintiles"
HUNDRED = 100
_log = get_logger(__name__)


async def keep_nights(settings: Settings, context: Context, unit: Unit, clock: Callable[[], int]) -> None:
    """Do each night's work as soon as its day begins, until cancelled; at once when today's was not done yet.

    Errors: `DependencyError` when the database does not answer past the deadline.
    """
    patience, done = Patience(settings.retry_seconds), -1
    while True:
        now = clock()
        if day_of(now) != done:
            try:
                await unit.run("night", partial(tell_quintiles, context=context, now=now))
            except DATABASE_ERRORS as error:
                if patience.is_over():
                    raise DependencyError(f"the database does not answer: {say(error)}") from error
            else:
                patience, done = Patience(settings.retry_seconds), day_of(now)
        await asyncio.sleep(settings.night_seconds)


async def tell_quintiles(session: AsyncSession, context: Context, now: int) -> bool:
    """Write the night's control record, unless somebody has; tell whether it was to be written."""
    if not await nights.take(session, QUINTILES, day_of(now)):
        return False
    bounds = await nights.usage_bounds(session)
    control = Quintiles(at=now, playbook_version=context.playbook.version, segments={**bounds})
    outbox.add_everywhere(session, context.topic(EVENTS), encode_line(control), now)
    _log.info("quintiles told", segments=sorted(bounds))
    await _say_too_few(session, context)
    return True


async def _say_too_few(session: AsyncSession, context: Context) -> None:
    """Say so when too few of the healthy accounts show a cross-sell."""
    wanted = context.playbook.whitespace.healthy_share_percent
    healthy, shown = await accounts.count_cross_sells(session)
    if shown * HUNDRED < wanted * healthy:
        _log.warning("few cross-sells", healthy_accounts=healthy, with_cross_sell=shown, wanted_percent=wanted)
