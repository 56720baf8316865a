"""A broker that restarts, dies or freezes under a worker."""

import asyncio
from collections.abc import Callable

import pytest

from tests.support.broker import Broker
from tests.support.signals.stream import Stream
from tests.support.signals.worker import Worker


@pytest.fixture
async def stream(own_kafka: Broker, topic_prefix: str) -> Stream:
    """A fresh log on a broker of its own."""
    made = Stream(own_kafka.bootstrap, topic_prefix)
    await made.create()
    await made.write(2_000)
    return made


@pytest.mark.long
async def test_a_broker_that_is_killed_and_restarted_costs_nothing(
    own_kafka: Broker, stream: Stream, make_worker: Callable[..., Worker]
) -> None:
    """The worker goes on, or leaves and is started again; nothing is lost or added."""
    worker = make_worker(bootstrap=own_kafka.bootstrap)
    worker.start(ready=True)
    await stream.settled()
    own_kafka.kill()
    await asyncio.sleep(1)
    own_kafka.start()
    await stream.write(2_000)
    try:
        await stream.settled(20)
    except TimeoutError:
        assert not worker.running, "it neither goes on nor leaves"
        worker.start()
        await stream.settled(30)
    assert await asyncio.to_thread(worker.stop) == 0
    await stream.assert_exact(worker.store)


@pytest.mark.long
async def test_a_broker_frozen_past_the_deadline_ends_the_worker(
    own_kafka: Broker, stream: Stream, make_worker: Callable[..., Worker]
) -> None:
    """What cannot be delivered in time is not passed over: the worker leaves, and a restart loses nothing."""
    worker = make_worker(bootstrap=own_kafka.bootstrap, DELIVERY_SECONDS="2", COMMIT_SECONDS="2")
    async with stream.flowing():
        worker.start(ready=True)
        await asyncio.sleep(0.5)
        with own_kafka.frozen():
            assert await asyncio.to_thread(worker.wait, 20) == 1
        assert "within 2 s" in worker.tail(5)
    worker.start()
    await stream.settled()
    assert await asyncio.to_thread(worker.stop) == 0
    await stream.assert_exact(worker.store)
