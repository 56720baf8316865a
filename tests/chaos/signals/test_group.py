"""Rebalances, frozen workers and restarts under load leave the exact answer."""

import asyncio
import signal
from collections.abc import Callable

import pytest

from services.signals.fates import EXIT_FAILURE
from tests.support.broker import Broker
from tests.support.signals.stream import Stream
from tests.support.signals.worker import Worker, wait_until

SESSION_SECONDS = 6
NOTICED = "another worker writes to it"
OWNED = "upswing_signals_owned_partitions"


async def test_a_restart_under_load_repeats_nothing(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker]
) -> None:
    """SIGTERM flushes and commits what was folded, so that the next worker folds nothing twice."""
    stream = Stream(kafka.bootstrap, topic_prefix)
    await stream.create()
    worker = make_worker()
    async with stream.flowing():
        for _restart in range(2):
            worker.start(ready=True)
            await asyncio.sleep(0.7)
            assert await asyncio.to_thread(worker.stop) == 0, worker.tail()
    worker.start()
    await stream.settled()
    await asyncio.to_thread(worker.stop)
    repeated = await stream.assert_exact(worker.store)
    assert not repeated


@pytest.mark.long
@pytest.mark.parametrize("broken", ["", "slow_seek"])
async def test_workers_that_join_and_leave_change_nothing(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker], broken: str
) -> None:
    """A second worker takes half of the partitions, dies, comes back and leaves, while events flow.

    `slow_seek`: a fetch that straddled recovery's seek was once thrown away with the pages in it, and recovery hung.
    """
    stream = Stream(kafka.bootstrap, topic_prefix)
    await stream.create()
    first, second = make_worker("w1"), make_worker("w2")
    async with stream.flowing():
        first.start(ready=True, broken=broken)
        for _round in range(2):
            second.start(ready=True, broken=broken)
            wait_until(30, lambda: first.metrics()[OWNED] == second.metrics()[OWNED] == 2, "an even assignment")
            await asyncio.sleep(0.5)
            second.kill()
            second.start(ready=True, broken=broken)
            await asyncio.sleep(0.5)
            assert await asyncio.to_thread(second.stop) == 0
            wait_until(SESSION_SECONDS + 30, lambda: first.metrics()[OWNED] == 4, "the return of all partitions")
            await asyncio.sleep(0.5)
    await stream.settled()
    assert await asyncio.to_thread(first.stop) == 0
    await stream.assert_exact(first.store)
    await stream.assert_compactable()


@pytest.mark.long
async def test_a_worker_frozen_in_mid_flush_cannot_undo_newer_pages(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker]
) -> None:
    """It wakes after another has taken over and writes its old pages: they lose, and are written over.

    Both notice: their pages do not land where they must. The heir's restart finds what was shadowed and repairs it, so
    that compaction, which keeps last records only, cannot lose the newer pages.
    """
    stream = Stream(kafka.bootstrap, topic_prefix)
    await stream.create()
    zombie, heir = make_worker("w1", STALL_SECONDS="120"), make_worker("w2")
    async with stream.flowing():
        zombie.start(die="changelog:pause:5")
        await asyncio.sleep(3)
        heir.start()
        await asyncio.to_thread(heir.wait_ready, SESSION_SECONDS + 40)
        await asyncio.sleep(1)
    await stream.settled()
    zombie.signal(signal.SIGCONT)
    assert await asyncio.to_thread(zombie.wait, 30) == EXIT_FAILURE, "the zombie lives on"
    assert NOTICED in zombie.log.read_text()
    with pytest.raises(AssertionError):
        await stream.assert_compactable()
    await stream.write(50)
    assert await asyncio.to_thread(heir.wait, 30) == EXIT_FAILURE, "nobody noticed the late write"
    assert NOTICED in heir.log.read_text()
    heir.start(ready=True)
    await stream.write(50)
    await stream.settled()
    assert heir.metrics()["upswing_signals_stale_pages_total"] > 0
    assert await asyncio.to_thread(heir.stop) == 0
    await stream.assert_compactable()
    await stream.assert_exact(heir.store)


async def test_a_worker_that_was_frozen_for_long_leaves_when_it_wakes(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker]
) -> None:
    """Paused past the stall limit, it exits instead of going on with an old view of the world."""
    stream = Stream(kafka.bootstrap, topic_prefix)
    await stream.create()
    worker = make_worker("w1", STALL_SECONDS="1")
    worker.start(ready=True)
    worker.signal(signal.SIGSTOP)
    await asyncio.sleep(2)
    worker.signal(signal.SIGCONT)
    assert await asyncio.to_thread(worker.wait, 10) == EXIT_FAILURE
    assert "the event loop has stood still" in worker.log.read_text()
