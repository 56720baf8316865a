"""The topics around the pipeline: written as signals would, read as notify would."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import CommitFailedError
from aiokafka.structs import ConsumerRecord, TopicPartition

from shared.io.kafka import ensure_topics, make_consumer, make_producer
from shared.kernel.csql_changes import CsqlChange, decode_change
from shared.kernel.snapshots import Snapshot, encode_snapshot
from shared.kernel.topics import CSQL_CHANGES, SNAPSHOTS, TRIGGERS, Topic
from shared.kernel.triggers import Trigger, encode_trigger

PARTITIONS = 4


class Log:
    """The topics of one test."""

    def __init__(self, bootstrap: str, prefix: str, producer: AIOKafkaProducer) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix
        self._producer = producer

    async def put(self, topic: Topic, key: str, value: bytes | None) -> None:
        """Write one record and wait for its ack."""
        await self._producer.send_and_wait(self.prefix + topic.name, value, key=key.encode())

    async def triggers(self, *triggers: Trigger) -> None:
        """Write triggers, all acks waited for together."""
        name = self.prefix + TRIGGERS.name
        acks = [await self._producer.send(name, encode_trigger(one), key=one.account_id.encode()) for one in triggers]
        await asyncio.gather(*acks)

    async def snapshots(self, *snapshots: Snapshot) -> None:
        """Write snapshots, in order."""
        for one in snapshots:
            await self.put(SNAPSHOTS, one.account_id, encode_snapshot(one))

    async def read(
        self, topic: Topic, enough: Callable[[list[ConsumerRecord]], Any], seconds: float = 30
    ) -> list[ConsumerRecord]:
        """Return all records of a topic, as soon as there are enough. Errors: `AssertionError` when not in time."""
        consumer = make_consumer(self.bootstrap, None, self.prefix + topic.name)
        await consumer.start()
        records: list[ConsumerRecord] = []
        deadline = time.monotonic() + seconds
        try:
            while not enough(records):
                assert time.monotonic() < deadline, f"{topic.name} held only {len(records)} records in time"
                for batch in (await consumer.getmany(timeout_ms=100)).values():
                    records += batch
        finally:
            await consumer.stop()
        return records

    async def forget_offsets(self, group: str, seconds: float = 30) -> None:
        """Make a group begin at the oldest records again, as soon as its members are gone: static ones leave late."""
        consumer = make_consumer(self.bootstrap, group)
        partitions = [TopicPartition(self.prefix + TRIGGERS.name, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.start()
        deadline = time.monotonic() + seconds
        try:
            while True:
                try:
                    return await consumer.commit(dict.fromkeys(partitions, 0))
                except CommitFailedError:
                    assert time.monotonic() < deadline, f"the group {group} still has members"
                    await asyncio.sleep(0.5)
        finally:
            await consumer.stop()

    async def changes(self, number: int, seconds: float = 30) -> list[CsqlChange]:
        """Return all records of `csql.changes`, as soon as so many different ones are there."""

        def enough(records: list[ConsumerRecord]) -> bool:
            return len({decode_change(record.value).change_id for record in records}) >= number

        return [decode_change(record.value) for record in await self.read(CSQL_CHANGES, enough, seconds)]


@asynccontextmanager
async def open_log(bootstrap: str, prefix: str) -> AsyncIterator[Log]:
    """Give the topics of one test, newly made."""
    await ensure_topics(bootstrap, PARTITIONS, prefix=prefix)
    producer = make_producer(bootstrap)
    await producer.start()
    try:
        yield Log(bootstrap, prefix, producer)
    finally:
        await producer.stop()
