"""Counts what there is, from time to time, for the gauges."""

import asyncio
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.core.stages import OPEN_STAGES
from services.pipeline.metrics import CROSS_SELL_SHARE, CSQLS, HELD, OUTBOX_AGE, TASKS
from services.pipeline.repository import accounts, csqls, outbox, tasks, triggers
from services.pipeline.unit import DATABASE_ERRORS, Unit
from shared.io.logs import get_logger

COUNT_SECONDS = 5.0
TASK_KINDS = ("risk", "adoption", "ops")
_log = get_logger(__name__)


async def keep_counting(unit: Unit, clock: Callable[[], int]) -> None:
    """Set the gauges until cancelled; a count that fails is left out."""
    while True:
        try:
            await unit.run("census", lambda session: _count(session, clock()), rings=False)
        except DATABASE_ERRORS as error:  # fate: the next count shows it again; readiness tells of the database
            _log.warning("not counted", error=type(error).__name__)
        await asyncio.sleep(COUNT_SECONDS)


async def _count(session: AsyncSession, now: int) -> None:
    stages = await csqls.count_by_stage(session)
    for stage in OPEN_STAGES:
        CSQLS.labels(stage).set(stages.get(stage, 0))
    kinds = await tasks.count_by_kind(session)
    for kind in TASK_KINDS:
        TASKS.labels(kind).set(kinds.get(kind, 0))
    HELD.set(await triggers.count_held(session))
    healthy, shown = await accounts.count_cross_sells(session)
    CROSS_SELL_SHARE.set(shown / healthy if healthy else 1)
    since = await outbox.oldest(session)
    OUTBOX_AGE.set(0 if since is None else max(0, now - since) / 1000)
