"""Rows 2, 18 and 18b: kill -9 anywhere, between each two stages of the flush, and without the local store.

In rows 2 and 18b there is memory for a few accounts only, so that they are let go and loaded all the time.
"""

import asyncio

from services.signals.fates import EXIT_FAILURE
from tests.chaos.signals.ground import DEATHS, Ground, Row
from tests.support.signals.verdict import judge

__all__ = ["ROWS"]

FLOW = {"count": 40, "pause": 0.06}
RECOVERED_SECONDS = 30.0
BACKLOG = 80


async def kill_anywhere(ground: Ground) -> None:
    """Every second death between two stages of a flush, the others at any moment."""
    company = await ground.company()
    worker = ground.tight_worker()
    async with company.flowing(**FLOW):
        for number in range(ground.kills):
            if number % 2:
                await ground.die(worker, ground.death(number // 2))
            else:
                worker.start()
                await ground.pause(0.5, 3.5)
                worker.kill()
    await ground.finish(company, worker)


async def lose_fetched_records(ground: Ground) -> None:
    """A record is missing from a fetched batch, as with a plain Faust agent: the worker leaves and reads again."""
    company = await ground.company()
    worker = ground.worker()
    for _number in range(ground.kills):
        for _write in range(BACKLOG):
            await company.write(10)
        worker.start(broken="skip")
        assert await asyncio.to_thread(worker.wait, 60) == EXIT_FAILURE, worker.tail()
        assert "records were skipped" in worker.tail(), worker.tail()
        ground.report.kills += 1
    ground.checked("gaps noticed")
    await ground.finish(company, worker)


async def wipe_and_recover(ground: Ground) -> None:
    """The local store is removed after a kill: the changelog leads to the same state, soon enough."""
    company = await ground.company()
    worker = ground.worker()
    for _number in range(ground.kills):
        await company.write(400)
        async with company.flowing(**FLOW):
            worker.start()
            await ground.pause(1.5, 3)
            worker.kill()
        await ground.settle(company, worker)
        await ground.stop(worker)
        before = await judge(company, worker.store)
        worker.wipe()
        took = await ground.ready(worker)
        assert took < RECOVERED_SECONDS, f"it took {took:.0f} s to recover"
        await ground.stop(worker)
        after = await judge(company, worker.store)
        assert after.state == before.state
    await ground.finish(company, worker)


async def kill_between_stages_and_wipe(ground: Ground) -> None:
    """Killed between each two stages, and each time the local store is gone as well."""
    company = await ground.company()
    worker = ground.tight_worker()
    async with company.flowing(**FLOW):
        for number in range(max(ground.kills, len(DEATHS))):
            await ground.die(worker, ground.death(number))
            worker.wipe()
    await ground.finish(company, worker)


ROWS = (
    Row("2", "kill -9 anywhere and between stages", kill_anywhere),
    Row("2-gap", "records missing from a fetched batch", lose_fetched_records, 0.2),
    Row("18", "local store removed", wipe_and_recover, 0.2),
    Row("18b", "kill -9 between stages, store removed", kill_between_stages_and_wipe),
)
