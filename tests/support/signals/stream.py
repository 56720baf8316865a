"""A log of countable events: how it is written, what must come of it, and what has come of it."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import rocksdict
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from services.signals.core.pages import META_KEY, NO_STAMP, SCHEMA_VERSION, Stamp, stamp_of
from shared.io.kafka import connect_admin, ensure_topics, make_consumer, make_producer, topic_id
from shared.kernel.ids import partition_for
from shared.kernel.topics import CHANGELOG, EVENTS, SNAPSHOTS, TRIGGERS
from tests.support.signals.counting import EVERY, KINDS, extra_key, has_extra, head_key, spread_key

__all__ = ["Stream", "stamp_of_record"]

ACCOUNTS = 120
PACK = 25
GROUP = "signals"


class Stream:
    """One input log of one test, with its exact answer."""

    def __init__(self, bootstrap: str, prefix: str, partitions: int = 4, seed: int = 1) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix
        self.partitions = partitions
        self.expected: Counter[str] = Counter()
        self.spread: Counter[tuple[str, int]] = Counter()
        self._random = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self._names = [f"acct-{number}" for number in range(ACCOUNTS)]
        self._where = {name: partition_for(name, partitions) for name in self._names}
        self._written = 0

    async def create(self) -> None:
        """Create the topics."""
        await ensure_topics(self.bootstrap, self.partitions, prefix=self.prefix)

    async def write(self, count: int, *, producer: AIOKafkaProducer | None = None) -> None:
        """Append events of random accounts, packed into records, and wait until the broker has them."""
        async with self._producer(producer) as sender:
            packs: dict[int, list[bytes]] = {}
            for _ in range(count):
                name = self._random.choice(self._names)
                kind = self._random.randrange(KINDS)
                self.expected[name] += 1
                self.spread[name, kind] += 1
                self._written += 1
                line = msgspec.json.encode({"id": f"e{self._written}", "account_id": name, "kind": kind})
                packs.setdefault(self._where[name], []).append(line)
            sent = [
                await sender.send(
                    self.prefix + EVENTS.name, b"\n".join(lines[start : start + PACK]), partition=partition
                )
                for partition, lines in packs.items()
                for start in range(0, len(lines), PACK)
            ]
            await asyncio.gather(*sent)

    async def trickle(self, stop: asyncio.Event, count: int = 100, pause: float = 0.04) -> None:
        """Append without end until told to stop."""
        async with self._producer(None) as sender:
            while not stop.is_set():
                await self.write(count, producer=sender)
                await asyncio.sleep(pause)

    @contextlib.asynccontextmanager
    async def flowing(self, count: int = 100, pause: float = 0.04) -> AsyncIterator[None]:
        """Let events flow while the body runs."""
        stop = asyncio.Event()
        task = asyncio.create_task(self.trickle(stop, count, pause))
        try:
            yield
        finally:
            stop.set()
            await task

    @contextlib.asynccontextmanager
    async def _producer(self, given: AIOKafkaProducer | None) -> AsyncIterator[AIOKafkaProducer]:
        if given is not None:
            yield given
            return
        producer = make_producer(self.bootstrap)
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def settled(self, seconds: float = 60) -> None:
        """Return when the group has committed all there is."""
        async with asyncio.timeout(seconds):
            while await self.lag():
                await asyncio.sleep(0.1)

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """Return the ends of a topic's partitions."""
        async with self._reader() as consumer:
            return dict(await consumer.end_offsets(self.topic_partitions(topic)))

    async def lag(self) -> int:
        """Return how many records are not committed."""
        ends = await self.ends(EVENTS.name)
        committed = await self.committed()
        return sum(end - committed.get(tp.partition, 0) for tp, end in ends.items())

    async def committed(self) -> dict[int, int]:
        """Return the committed offset of each partition that has one."""
        tps = self.topic_partitions(EVENTS.name)
        try:
            async with connect_admin(self.bootstrap) as admin:
                found = await admin.list_consumer_group_offsets(self.prefix + GROUP, partitions=tps)
        except GroupCoordinatorNotAvailableError:
            return {}  # no group was ever there
        return {tp.partition: found[tp].offset for tp in tps if tp in found and found[tp].offset >= 0}

    async def records(self, topic: str) -> list[Any]:
        """Return all records of a topic, partition by partition."""
        tps = self.topic_partitions(topic)
        async with self._reader() as consumer:
            consumer.assign(tps)
            await consumer.seek_to_beginning(*tps)
            ends = await consumer.end_offsets(tps)
            found: list[Any] = []
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    found.extend(batch)
        return found

    async def partition_pages(self) -> dict[int, dict[bytes, bytes]]:
        """Return the pages in the changelog by partition, meta pages too: for each key the higher stamp wins."""
        newest: dict[int, dict[bytes, tuple[Stamp, bytes | None]]] = {number: {} for number in range(self.partitions)}
        for record in await self.records(CHANGELOG.name):
            known, _value = newest[record.partition].get(record.key, (NO_STAMP, None))
            stamp = stamp_of_record(record)
            if stamp >= known:
                newest[record.partition][record.key] = stamp, record.value
        return {
            number: {key: value for key, (_stamp_, value) in pages.items() if value is not None}
            for number, pages in newest.items()
        }

    async def pages(self) -> dict[bytes, bytes]:
        """Return the pages of accounts in the changelog: for each key the higher stamp wins."""
        every = (await self.partition_pages()).values()
        return {key: value for pages in every for key, value in pages.items() if key != META_KEY}

    async def epoch(self) -> str:
        """Return the id of the input topic."""
        return await topic_id(self.bootstrap, self.prefix + EVENTS.name)

    async def assert_compactable(self) -> None:
        """Assert that the last record of each key is its newest page: compaction keeps nothing but last records."""
        last = {record.key: record.value for record in await self.records(CHANGELOG.name)}
        kept = {key: value for key, value in last.items() if value is not None and key != META_KEY}
        assert kept == await self.pages()

    async def triggers(self) -> Counter[str]:
        """Return the triggers on the topic, each with the number of times it is there."""
        return Counter(record.value.decode() for record in await self.records(TRIGGERS.name))

    async def assert_exact(self, store: Path | None = None) -> Counter[str]:
        """Compare pages, triggers and snapshots with the exact answer; return the repeated triggers.

        Shape: `store` is a stopped worker's local store that owned everything: it must hold the same pages.
        """
        pages = await self.pages()
        assert pages == self._right_pages(pages)
        if store is not None:
            assert local_pages(store, self.partitions) == pages
        triggers = await self.triggers()
        wanted = {f"{name}:{at}" for name, count in self.expected.items() for at in range(EVERY, count + 1, EVERY)}
        assert wanted - triggers.keys() == set(), "triggers are missing"
        assert triggers.keys() - wanted == set(), "there are triggers that should not be"
        latest = {record.key.decode(): int(record.value) for record in await self.records(SNAPSHOTS.name)}
        assert latest == dict(self.expected)
        return Counter({name: count for name, count in triggers.items() if count > 1})

    def _right_pages(self, found: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """Return what the pages must be, with the stamps that were found."""
        right = {}
        for name, count in self.expected.items():
            head = found.get(head_key(name))
            stamp = stamp_of(head) if head else NO_STAMP
            cells = [self.spread[name, kind] for kind in range(KINDS)]
            right[head_key(name)] = msgspec.msgpack.encode([SCHEMA_VERSION, stamp, count])
            right[spread_key(name)] = msgspec.msgpack.encode([SCHEMA_VERSION, stamp, cells])
            if has_extra(count):
                right[extra_key(name)] = msgspec.msgpack.encode([SCHEMA_VERSION, stamp, count])
        return right

    def topic_partitions(self, topic: str) -> list[TopicPartition]:
        """Return the partitions of a topic."""
        return [TopicPartition(self.prefix + topic, number) for number in range(self.partitions)]

    @contextlib.asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = make_consumer(self.bootstrap, None)
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()


def stamp_of_record(record: Any) -> Stamp:
    """Return the stamp of a record of the changelog, a deletion's too."""
    if record.value is not None:
        return stamp_of(record.value)
    return msgspec.msgpack.decode(dict(record.headers)["stamp"], type=Stamp)


def local_pages(store: Path, partitions: int) -> dict[bytes, bytes]:
    """Return the pages in a stopped worker's local store."""
    found: dict[bytes, bytes] = {}
    for number in range(partitions):
        (path,) = store.glob(f"v*/tables/pages-{number}.db")
        database = rocksdict.Rdict(str(path), options=rocksdict.Options(raw_mode=True))
        found |= {key: value for key, value in database.items() if key != META_KEY and not key.startswith(b"__")}
        database.close()
    return found
