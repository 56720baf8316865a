"""A gap is passed only when nothing lies in it: a second reader looks, on a real broker."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from faust.types import TP

from deploy.local.ports import free_port
from services.signals.gaps import Gaps
from services.signals.owned import Owned, Pages
from shared.io.kafka import connect_admin, ensure_topics, make_consumer, make_producer
from shared.kernel.errors import DependencyError, InvariantError
from shared.kernel.topics import EVENTS
from tests.support.broker import Broker


class Engine:
    """An engine that has folded nothing."""

    offset = -1


async def write(bootstrap: str, topic: str) -> None:
    """Write two plain records, an aborted transaction of two, a plain record, a committed transaction of one.

    ::

        0 plain   1 plain   2 aborted   3 aborted   4 marker   5 plain   6 committed   7 marker
    """
    plain: Any = make_producer(bootstrap)
    careful: Any = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=topic)
    async with plain, careful:
        for _ in range(2):
            await plain.send_and_wait(topic, b"x", partition=0)
        await careful.begin_transaction()
        for _ in range(2):
            await careful.send_and_wait(topic, b"y", partition=0)
        await careful.abort_transaction()
        await _until_end(bootstrap, topic, 5)  # the broker writes a marker after it has answered
        await plain.send_and_wait(topic, b"x", partition=0)
        async with careful.transaction():
            await careful.send_and_wait(topic, b"z", partition=0)
    await _until_end(bootstrap, topic, 8)


async def _until_end(bootstrap: str, topic: str, end: int) -> None:
    tp = TopicPartition(topic, 0)
    async with make_consumer(bootstrap, None) as consumer, asyncio.timeout(20):
        while (await consumer.end_offsets([tp]))[tp] < end:
            await asyncio.sleep(0.02)


@pytest.fixture
async def owned(kafka: Broker, topic_prefix: str) -> Owned:
    """A partition of which nothing has been folded."""
    await ensure_topics(kafka.bootstrap, 1, prefix=topic_prefix)
    await write(kafka.bootstrap, topic_prefix + EVENTS.name)
    engine: Any = Engine()
    pages: Pages = Pages(None, 0)  # type: ignore[arg-type] # nothing is read from it here
    return Owned(TP(topic_prefix + EVENTS.name, 0), TP("changelog", 0), 1, engine, pages)


async def test_markers_and_aborted_records_are_passed(kafka: Broker, owned: Owned) -> None:
    """Within a batch, and at the log's end; the proof of one batch serves its further gaps."""
    gaps = Gaps(kafka.bootstrap, 10)
    owned.next = 2
    await gaps.pass_to(owned, 5, 6)
    assert owned.next == 5
    owned.next = 7
    await gaps.pass_end(owned, 8)
    assert owned.next == 8


@pytest.mark.parametrize(("stands", "came"), [(0, 1), (1, 5), (0, 5), (5, 6), (2, 6), (2, 4), (2, 3)])
async def test_a_record_that_was_skipped_stops_the_worker(kafka: Broker, owned: Owned, stands: int, came: int) -> None:
    """A record lies in the gap, or what came is no record that anybody could have been given."""
    owned.next = stands
    with pytest.raises(InvariantError, match=f"jumped from {stands} to {came}: records were skipped"):
        await Gaps(kafka.bootstrap, 10).pass_to(owned, came, 6)
    assert owned.next == stands


async def test_the_end_is_not_passed_while_a_record_is_before_it(kafka: Broker, owned: Owned) -> None:
    """Nor when the partition has gone on, or was lost, while somebody looked."""
    gaps = Gaps(kafka.bootstrap, 10)
    for stands in (0, 5, 6):
        owned.next = stands
        await gaps.pass_end(owned, 8)
        assert owned.next == stands
    owned.next, owned.closed = 7, True
    await gaps.pass_end(owned, 8)
    await gaps.pass_to(owned, 8, 8)
    assert owned.next == 7


async def test_records_that_were_removed_unread_are_no_gap(kafka: Broker, owned: Owned) -> None:
    """The log begins later than what was folded: retention, or somebody, took records away before they were read."""
    async with connect_admin(kafka.bootstrap) as admin:
        await admin.delete_records({TopicPartition(*owned.events): RecordsToDelete(before_offset=5)})
    gaps = Gaps(kafka.bootstrap, 10)
    for look in (gaps.pass_to(owned, 5, 6), gaps.pass_end(owned, 8)):
        with pytest.raises(InvariantError, match="nothing at 0 any more: records were removed unread"):
            await look
    assert owned.next == 0


async def test_without_an_answer_nothing_is_passed(owned: Owned) -> None:
    """A broker that is not there: the worker ends, and is started again."""
    owned.next = 2
    with pytest.raises(DependencyError, match="could not be read"):
        async with asyncio.timeout(20):
            await Gaps(f"127.0.0.1:{free_port()}", 1).pass_to(owned, 5, 6)
    assert owned.next == 2
