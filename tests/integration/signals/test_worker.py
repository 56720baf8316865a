"""One worker on a real broker: what it refuses, what it survives, what it says."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from aiokafka.admin import RecordsToDelete

from services.signals.fates import EXIT_CONFIGURATION, EXIT_FAILURE
from shared.io.kafka import connect_admin, ensure_topics, make_producer
from shared.kernel.clock import MINUTE_MS
from shared.kernel.topics import CHANGELOG, EVENTS
from tests.support.broker import Broker
from tests.support.signals.stream import Stream
from tests.support.signals.worker import Worker, wait_until


@pytest.fixture
async def stream(kafka: Broker, topic_prefix: str) -> Stream:
    """A fresh log with some events."""
    made = Stream(kafka.bootstrap, topic_prefix)
    await made.create()
    await made.write(2_000)
    return made


@pytest.fixture
def worker(make_worker: Callable[..., Worker]) -> Worker:
    """A worker that has not been started."""
    return make_worker()


async def fold_all(stream: Stream, worker: Worker) -> None:
    """Let a worker fold what there is, and stop it."""
    worker.start(ready=True)
    await stream.settled()
    assert await asyncio.to_thread(worker.stop) == 0, worker.tail()


async def recreate(stream: Stream, topic: str) -> None:
    """Delete a topic and create it again."""
    async with connect_admin(stream.bootstrap) as admin:
        await admin.delete_topics([stream.prefix + topic])
    await asyncio.sleep(0.5)
    await stream.create()


async def test_a_log_that_was_created_again_is_refused_until_it_is_adopted(stream: Stream, worker: Worker) -> None:
    """Another topic id is another log: the worker says so and leaves; adopted, its events count on top."""
    await fold_all(stream, worker)
    await recreate(stream, EVENTS.name)
    await stream.write(500)
    worker.start()
    assert await asyncio.to_thread(worker.wait) == EXIT_CONFIGURATION
    assert "leaving" in worker.tail(5)
    await_log = await stream.epoch()
    assert await_log in worker.tail(5)
    worker.start(ADOPT_LOG=await_log, ready=True)
    wait_until(20, lambda: worker.metrics().get('upswing_signals_in_events_total{type="counted"}') == 500, "folding")
    assert await asyncio.to_thread(worker.stop) == 0
    worker.wipe()
    worker.start(ready=True)
    assert await asyncio.to_thread(worker.stop) == 0
    await stream.assert_exact(worker.store)


@pytest.mark.long
async def test_records_that_were_removed_before_they_were_folded_are_reported(stream: Stream, worker: Worker) -> None:
    """Retention that was faster than the worker is no silent gap: it stops until somebody accepts the loss."""
    await fold_all(stream, worker)
    await stream.write(500)
    tps = stream.topic_partitions(EVENTS.name)
    ends = await stream.ends(EVENTS.name)
    async with connect_admin(stream.bootstrap) as admin:
        await admin.delete_records({tp: RecordsToDelete(before_offset=ends[tp]) for tp in tps})
    worker.start()
    assert await asyncio.to_thread(worker.wait) == EXIT_CONFIGURATION
    assert "were removed before they were folded" in worker.tail(5)
    worker.start(ACCEPT_LOST_RECORDS="true", ready=True)
    assert await asyncio.to_thread(worker.stop) == 0


@pytest.mark.long
async def test_a_store_that_is_ahead_of_its_changelog_is_rebuilt(stream: Stream, worker: Worker) -> None:
    """The changelog is the truth: when it was lost, the worker leaves, and begins again from the log."""
    await fold_all(stream, worker)
    await recreate(stream, CHANGELOG.name)
    for _partition in range(stream.partitions):
        worker.start()
        code = await asyncio.to_thread(_exit_or_ready, worker)
        if code is None:
            break
        assert code == EXIT_FAILURE
        assert "the changelog ends at 0" in worker.tail(5)
    worker.kill()
    await fold_all(stream, worker)
    await stream.assert_exact(worker.store)


def _exit_or_ready(worker: Worker) -> int | None:
    wait_until(30, lambda: not worker.running or worker.readiness().get("ready"), "an end or readiness")
    return worker.exit_code if not worker.running else None


async def test_a_damaged_store_is_rebuilt(stream: Stream, worker: Worker) -> None:
    """A database that cannot be opened is removed and restored from the changelog."""
    await fold_all(stream, worker)
    for path in worker.store.glob("v*/tables/pages-*.db/CURRENT"):
        path.write_bytes(b"rubbish")
    await stream.write(100)
    await fold_all(stream, worker)
    assert "removing an unreadable local store" in worker.log.read_text()
    await stream.assert_exact(worker.store)


async def test_missing_topics_are_named(worker: Worker) -> None:
    """Without topics the worker does not start, and says which command creates them."""
    worker.start()
    assert await asyncio.to_thread(worker.wait) == EXIT_CONFIGURATION
    assert "run `upswing topics create`" in worker.tail(5)


async def test_no_broker_is_a_sentence(make_worker: Callable[..., Worker]) -> None:
    """A broker that is not there ends the process with its address."""
    worker = make_worker(bootstrap="127.0.0.1:9")
    worker.start()
    assert await asyncio.to_thread(worker.wait) == EXIT_FAILURE
    assert "127.0.0.1:9" in worker.tail(5)


async def test_the_ticker_ticks_each_partition_once_a_minute(stream: Stream, worker: Worker) -> None:
    """The first tick comes soon after the assignment; a restart within the minute writes none again."""
    started = asyncio.get_running_loop().time()
    for _start in range(2):
        worker.start(TICKER="true", ready=True)
        await asyncio.sleep(1.5)
        assert await asyncio.to_thread(worker.stop) == 0
    assert asyncio.get_running_loop().time() - started < MINUTE_MS / 1000
    ticks = [
        (record.partition, msgspec.json.decode(record.value)["at"])
        for record in await stream.records(EVENTS.name)
        if b"control.tick" in record.value
    ]
    assert len(set(ticks)) == len(ticks)
    assert {partition for partition, _at in ticks} == set(range(stream.partitions))
    assert all(at % MINUTE_MS == 0 for _partition, at in ticks)


async def test_readiness_and_metrics_tell_what_happens(stream: Stream, worker: Worker) -> None:
    """Not ready before the partitions are ours; then counts, lag and the time of each stage are there."""
    worker.start()
    seen = []
    wait_until(30, lambda: seen.append(worker.readiness()) or seen[-1].get("ready"), "readiness")
    assert any(answer.get("ready") is False for answer in seen)
    await stream.settled()
    metrics = worker.metrics()
    assert metrics['upswing_signals_in_events_total{type="counted"}'] == 2_000
    assert metrics["upswing_signals_owned_partitions"] == stream.partitions
    for stage in ("ownership", "outputs", "changelog", "store", "offsets"):
        assert metrics[f'upswing_signals_flush_seconds_count{{stage="{stage}"}}'] >= 1
    assert metrics["upswing_signals_restored_pages_total"] == 0, "it reads its own pages back"
    assert metrics["upswing_signals_stale_pages_total"] == 0
    wait_until(30, lambda: 'upswing_signals_lag_records{partition="0"}' in worker.metrics(), "lag")
    assert await asyncio.to_thread(worker.stop) == 0


@pytest.mark.long
async def test_a_page_group_of_many_megabytes_travels(kafka: Broker, topic_prefix: str, worker: Worker) -> None:
    """Pages that must stay together do, up to the changelog's limit, and are restored."""
    stream = Stream(kafka.bootstrap, topic_prefix, partitions=1)
    await stream.create()
    async with make_producer(kafka.bootstrap) as producer:
        line = msgspec.json.encode({"account_id": "acct-1", "kind": 0, "bulk": 12 << 20})
        await producer.send_and_wait(stream.prefix + EVENTS.name, line, partition=0)
    await fold_all(stream, worker)
    worker.wipe()
    await fold_all(stream, worker)
    assert len((await stream.pages())[b"b\0acct-1"]) > 12 << 20


async def test_topics_are_as_the_table_says(stream: Stream) -> None:
    """The changelog takes a batch of sixteen megabytes: the worker relies on it."""
    assert await ensure_topics(stream.bootstrap, stream.partitions, prefix=stream.prefix) == []
