"""Erasure and removal on a real broker: the bytes of the changelog, the snapshots and RocksDB's files, compacted."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import rocksdict

from shared.io.kafka import make_producer
from shared.kernel.clock import DAY_MS
from shared.kernel.playbook import playbook_to_json
from shared.kernel.topics import CHANGELOG, EVENTS, SNAPSHOTS
from tests.oracle.writing import control, event, instant
from tests.support.broker import Broker
from tests.support.signals.kept import EVERY_RULE
from tests.support.signals.stream import Stream, local_pages
from tests.support.signals.worker import Worker
from tests.unit.signals.test_erasure import ADA, story_of

GONE = "globex-holdings"
LAST_DAY = instant("2026-03-07 00:00")


async def write(stream: Stream, *records: bytes) -> None:
    """Append records, and return when they have been folded and flushed."""
    producer = make_producer(stream.bootstrap)
    await producer.start()
    try:
        for record in records:
            await producer.send_and_wait(stream.prefix + EVENTS.name, record, partition=0)
    finally:
        await producer.stop()
    await stream.settled()


async def latest(stream: Stream, topic: str) -> dict[bytes, bytes | None]:
    """Return what compaction leaves of a topic: the last record of each key."""
    return {record.key: record.value for record in await stream.records(topic)}


def holding(kept: Mapping[bytes, bytes | None], name: str) -> list[bytes]:
    """Return the keys whose record holds a name."""
    return [key for key, value in kept.items() if name.encode() in key + (value or b"")]


def database_of(worker: Worker) -> Path:
    """Return the folder of a worker's only partition."""
    (path,) = worker.store.glob("v*/tables/pages-0.db")
    return path


def files_of(worker: Worker) -> list[Path]:
    """Return the files that hold a worker's pages."""
    return [file for file in database_of(worker).iterdir() if file.suffix in {".sst", ".log"}]


def files_after_compaction(worker: Worker) -> list[Path]:
    """Compact a stopped worker's store and return the files that hold pages."""
    path = database_of(worker)
    database: Any = rocksdict.Rdict(str(path), options=rocksdict.Options(raw_mode=True))
    database.flush()
    database.compact_range(None, None)
    database.close()
    return files_of(worker)


async def assert_gone(stream: Stream, worker: Worker, of_removed: set[bytes]) -> None:
    """Assert that no byte names the person, and that the removed account's keys have tombstones and nothing else."""
    after = await latest(stream, CHANGELOG.name)
    assert holding(after, ADA) == []
    assert {after[key] for key in holding(after, GONE)} == {None}
    assert of_removed <= after.keys()
    shown = await latest(stream, SNAPSHOTS.name)
    assert holding(shown, ADA) == []
    assert shown[GONE.encode()] is None
    await stream.assert_compactable()
    pages = {key: value for key, value in after.items() if value is not None}
    assert local_pages(worker.store, 1).keys() <= pages.keys()
    assert holding(local_pages(worker.store, 1), GONE) == []
    for file in files_after_compaction(worker):
        assert ADA.encode() not in file.read_bytes(), file.name


async def test_nothing_of_who_was_erased_or_removed_is_left_in_any_byte(
    kafka: Broker, topic_prefix: str, tmp_path: Path, make_worker: Callable[..., Worker]
) -> None:
    """The person is in everything at first; then in nothing, and the removed account only in tombstones."""
    book = tmp_path / "playbook.yaml"
    book.write_bytes(playbook_to_json(EVERY_RULE))
    stream = Stream(kafka.bootstrap, topic_prefix, partitions=1)
    await stream.create()
    worker = make_worker(PLAYBOOK=str(book))
    worker.start(engine="real", ready=True)
    removed = [event("account.updated", GONE, "2026-03-05 10:00", "g", properties={"seats": 3})]
    removed += [event("session.started", GONE, "2026-03-05 10:00", f"gs{n}", user=f"g{n}") for n in range(3)]
    ticks = [control("tick", LAST_DAY - DAY_MS), control("tick", LAST_DAY)]
    await write(stream, b"\n".join([*story_of(ADA), *removed]), *ticks)
    before = await latest(stream, CHANGELOG.name)
    assert {key[:1] for key in holding(before, ADA)} >= {b"h", b"u"}
    assert {key[:1] for key in holding(before, GONE)} >= {b"h", b"u", b"r"}
    assert any(ADA.encode() in file.read_bytes() for file in files_of(worker))
    shown = await latest(stream, SNAPSHOTS.name)
    assert holding(shown, ADA) == [b"acme"]
    assert shown[GONE.encode()] is not None

    await write(stream, event("user.erased", "acme", LAST_DAY + 1000, "gone", user=ADA))
    await write(stream, control("account_removed", LAST_DAY + 2000, account_id=GONE))
    await write(stream, control("tick", LAST_DAY + 60_000))
    await write(stream, control("tick", LAST_DAY + 120_000))
    assert await asyncio.to_thread(worker.stop) == 0, worker.tail()

    await assert_gone(stream, worker, set(holding(before, GONE)))
    worker.wipe()
    worker.start(engine="real", ready=True)
    assert await asyncio.to_thread(worker.stop) == 0, worker.tail()
    rebuilt = local_pages(worker.store, 1)
    assert holding(rebuilt, ADA) + holding(rebuilt, GONE) == []
    assert b"h\0acme" in rebuilt
