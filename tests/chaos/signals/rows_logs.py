"""Rows 18c and 19: another input log, a compacted changelog, one that has lost its head, empty partitions."""

import asyncio

from aiokafka.admin import RecordsToDelete

from services.signals.fates import EXIT_CONFIGURATION
from shared.io.kafka import connect_admin
from shared.kernel.topics import CHANGELOG, EVENTS
from tests.chaos.signals.ground import Counted, Ground, Row
from tests.support.signals.company import Company
from tests.support.signals.verdict import judge
from tests.support.signals.worker import wait_until

__all__ = ["ROWS"]

COMPACTED_SECONDS = 60
WARM_TRIES = 3
WRITES = 60
LEFT_SHARE = 0.8


async def replace_the_log(ground: Ground) -> None:
    """The input topic is created again: refused, warm and cold, until it is adopted; then events count on top."""
    for number in range(ground.kills):
        company = await ground.company()
        worker = ground.worker(f"w{number}")
        await _live_on(company)
        await ground.ready(worker)
        await ground.settle(company, worker)
        await ground.stop(worker)
        await judge(company, worker.store)
        company.keep_log(await company.records(EVENTS.name), await company.epoch())
        await ground.recreate(company, EVENTS.name)
        await _live_on(company)
        for start in range(WARM_TRIES):
            if start == WARM_TRIES - 1:
                worker.wipe()
            worker.start()
            code = await asyncio.to_thread(_exit_or_ready, worker)
            assert code == EXIT_CONFIGURATION, f"another log was not refused, but ended with {code}:\n{worker.tail()}"
            assert "adopt_log" in worker.tail(5)
            ground.report.kills += 1
        ground.checked("refused until adopted")
        await ground.ready(worker, ADOPT_LOG=await company.epoch())
        await ground.settle(company, worker)
        await ground.stop(worker)
        await ground.finish(company, worker)


async def _live_on(company: Company) -> None:
    for _write in range(WRITES):
        await company.write(20)


def _exit_or_ready(worker: Counted) -> int | None:
    wait_until(60, lambda: not worker.running or worker.readiness().get("ready"), "an end or readiness")
    return worker.exit_code if not worker.running else None


async def compact_the_changelog(ground: Ground) -> None:
    """Half of the partitions are empty; the changelog is compacted in earnest; in the end its head is removed."""
    broker = ground.broker(log_cleaner_backoff_ms="500")
    company = await ground.company(bootstrap=broker.bootstrap, partitions=6, empty=(1, 3, 5))
    worker = ground.worker(RECOVERY_SECONDS="60")
    for _number in range(ground.kills):
        await ground.configure(company, CHANGELOG.name)
        async with company.flowing(count=40, pause=0.05):
            worker.start()
            await ground.pause(3, 4)
        await ground.settle(company, worker)
        await ground.stop(worker)
        await _compact(ground, company, worker)
        await judge(company, worker.store)
        worker.wipe()
        await ground.ready(worker)
        assert worker.metrics()["upswing_signals_owned_partitions"] == company.partitions
        worker.kill()
    ground.checked("compacted changelog, empty partitions")
    await ground.finish(company, worker)
    await _lose_the_head(ground, company, worker)


async def _compact(ground: Ground, company: Company, worker: Counted) -> None:
    """Let the broker compact: wait until many records are gone that later ones have replaced."""
    eager = {"segment_ms": "100", "min_cleanable_dirty_ratio": "0.01", "max_compaction_lag_ms": "100"}
    await ground.configure(company, CHANGELOG.name, **eager)
    async with asyncio.timeout(COMPACTED_SECONDS):
        while await _share_left(company) > LEFT_SHARE:
            await company.write(40)  # a segment is closed when something is appended after its time
            await ground.settle(company, worker)
            await asyncio.sleep(1)
    await ground.stop(worker)


async def _share_left(company: Company) -> float:
    """Return which part of the changelog's records compaction has left."""
    ends = await company.ends(CHANGELOG.name)
    return len(await company.records(CHANGELOG.name)) / max(1, sum(ends.values()))


async def _lose_the_head(ground: Ground, company: Company, worker: Counted) -> None:
    """Records are removed from the changelog's head: a worker that lacks them leaves; one that has them goes on."""
    await ground.ready(worker)
    await ground.settle(company, worker)
    await ground.stop(worker)
    await ground.configure(company, CHANGELOG.name, cleanup_policy="compact,delete")
    ends = await company.ends(CHANGELOG.name)
    async with connect_admin(company.bootstrap) as admin:
        heads = {tp: RecordsToDelete(before_offset=end - 1) for tp, end in ends.items() if end > 1}
        await admin.delete_records(heads)
    await ground.ready(worker)
    await ground.stop(worker)
    worker.wipe()
    worker.start()
    code = await asyncio.to_thread(_exit_or_ready, worker)
    assert code == EXIT_CONFIGURATION, f"a lost head was not noticed: {code}\n{worker.tail()}"
    assert "pages were removed" in worker.tail(5)
    ground.checked("a removed head is refused")


ROWS = (
    Row("18c", "input topic created again", replace_the_log, 0.1),
    Row("19", "changelog compacted, head removed; empty partitions", compact_the_changelog, 0.1),
)
