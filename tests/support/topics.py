"""The topics of one test on a real broker, written to as the services do."""

import asyncio

from aiokafka import AIOKafkaProducer, TopicPartition

from shared.io.kafka import make_consumer
from shared.kernel.codec import encode_line
from shared.kernel.events.usage_recorded import UsageRecorded, UsageRecordedProperties
from shared.kernel.ids import partition_for
from shared.kernel.topics import EVENTS
from tests.support.pipeline.samples import NOON
from upswing.trace.follow import GROUP, Trail, follow
from upswing.trace.logbook import Logbook
from upswing.trace.tell import tell

PARTITIONS = 6


class Topics:
    """The topics of one test, written to as the services do."""

    def __init__(self, producer: AIOKafkaProducer, bootstrap: str, prefix: str) -> None:
        self._producer = producer
        self.bootstrap, self.prefix = bootstrap, prefix

    async def write(self, topic: str, value: bytes, account: str = "acme") -> int:
        """Append a record to an account's partition and return its offset."""
        partition = partition_for(account, PARTITIONS)
        sent = await self._producer.send_and_wait(self.prefix + topic, value, key=account.encode(), partition=partition)
        return int(sent.offset)

    async def log(self, *ids: str, account: str = "acme", source: str = "app") -> int:
        """Append events as one packed record and return its offset."""
        properties = UsageRecordedProperties(metric="api_calls", quantity=5)
        lines = [
            encode_line(
                UsageRecorded(id=name, account_id=account, source=source, occurred_at=NOON, properties=properties)
            )
            for name in ids
        ]
        return await self.write(EVENTS.name, b"\n".join(lines), account)

    async def commit(self, offset: int, account: str = "acme") -> None:
        """Commit an offset of an account's partition as signals does."""
        tp = TopicPartition(self.prefix + EVENTS.name, partition_for(account, PARTITIONS))
        consumer = make_consumer(self.bootstrap, self.prefix + GROUP)
        await consumer.start()
        try:
            consumer.assign([tp])
            await consumer.commit({tp: offset})
        finally:
            await consumer.stop()

    async def trail(self, event_id: str, account: str | None = None, *, since_ms: int = 1) -> Trail:
        """Follow an event."""
        async with asyncio.timeout(60), Logbook(self.bootstrap, self.prefix) as book:
            return await follow(book, event_id, account, since_ms)

    async def told(self, event_id: str) -> str:
        """Follow an event and return what is told."""
        return "\n".join(tell(await self.trail(event_id), event_id, {}))

    async def ends(self) -> dict[int, int]:
        """Return how far each partition of the log goes."""
        async with asyncio.timeout(60), Logbook(self.bootstrap, self.prefix) as book:
            return await book.ends(EVENTS.name)
