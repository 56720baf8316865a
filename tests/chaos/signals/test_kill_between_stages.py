"""kill -9 between each two stages of the flush, and a wiped local store, leave the exact answer.

`UPSWING_CHAOS_ROUNDS` repeats the deaths (one round by default; 10 are sixty kills).
"""

import asyncio
import os
import random
from collections.abc import Callable

import pytest

from services.signals.flush import STAGES
from shared.kernel.topics import CHANGELOG
from tests.support.broker import Broker
from tests.support.signals.stream import Stream
from tests.support.signals.worker import Worker

ROUNDS = int(os.environ.get("UPSWING_CHAOS_ROUNDS", "1"))
WIPE_EVERY = 3
LATEST_FLUSH = 6
DEATHS = [f"{stage.name}:before" for stage in STAGES] + [f"{STAGES[-1].name}:after"]


@pytest.mark.timeout(120 + 120 * ROUNDS)
async def test_no_death_between_two_stages_loses_or_adds_anything(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker]
) -> None:
    """A worker killed before and after every stage, its store wiped now and then, counts and fires exactly right."""
    stream = Stream(kafka.bootstrap, topic_prefix)
    await stream.create()
    worker = make_worker()
    rnd = random.Random(7)  # noqa: S311 - a test that can be repeated
    async with stream.flowing():
        for number, death in enumerate(DEATHS * ROUNDS):
            if number % WIPE_EVERY == WIPE_EVERY - 1:
                worker.wipe()
            worker.start(die=f"{death}:{rnd.randrange(1, LATEST_FLUSH)}")
            assert await asyncio.to_thread(worker.wait) == -9, worker.tail()
    worker.start()
    await stream.settled()
    assert await asyncio.to_thread(worker.stop) == 0
    await stream.assert_exact(worker.store)
    await stream.assert_compactable()
    worker.wipe()
    worker.start(ready=True)
    assert await asyncio.to_thread(worker.stop) == 0
    await stream.assert_exact(worker.store)


async def test_what_was_flushed_before_a_death_is_committed_though_nothing_follows(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker]
) -> None:
    """The pages are durable and their offset is not committed: whoever watches the lag must not see one for ever."""
    stream = Stream(kafka.bootstrap, topic_prefix)
    await stream.create()
    await stream.write(40)
    worker = make_worker()
    worker.start(die="offsets:before:1")
    assert await asyncio.to_thread(worker.wait) == -9, worker.tail()
    assert await stream.lag()
    ends = await stream.ends(CHANGELOG.name)
    worker.start(ready=True)
    await stream.settled(30)
    assert await stream.ends(CHANGELOG.name) == ends  # it had nothing else to write
    assert await asyncio.to_thread(worker.stop) == 0
    await stream.assert_exact(worker.store)


async def test_outputs_sent_after_the_pages_would_be_seen_to_get_lost(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker]
) -> None:
    """The check above is no formality: with the flush in another order the same death loses triggers."""
    stream = Stream(kafka.bootstrap, topic_prefix)
    await stream.create()
    worker = make_worker()
    async with stream.flowing():
        worker.start(die="offsets:after:3", broken="outputs_last")
        assert await asyncio.to_thread(worker.wait) == -9, worker.tail()
    worker.start(ready=True)
    await stream.settled()
    assert await asyncio.to_thread(worker.stop) == 0
    with pytest.raises(AssertionError, match="triggers are missing"):
        await stream.assert_exact()
