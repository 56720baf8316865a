"""A topic read from its beginning to the end that it has now."""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.io.kafka import connect_admin, make_consumer
from shared.kernel.errors import DependencyError
from shared.kernel.topics import Topic

__all__ = ["read_topic"]

POLL_MS = 500


async def read_topic(bootstrap: str, prefix: str, topic: Topic) -> AsyncIterator[ConsumerRecord]:
    """Yield all records that a topic holds now; those of one partition in their order.

    Errors: `DependencyError` when the broker or the topic is not there.
    """
    parts = await _partitions(bootstrap, prefix + topic.name)
    consumer: AIOKafkaConsumer = make_consumer(bootstrap, None)
    try:
        await consumer.start()
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for found in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in found:
                    yield record
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str, name: str) -> list[TopicPartition]:
    async with connect_admin(bootstrap) as admin:
        if name not in await admin.list_topics():
            raise DependencyError(f"there is no topic {name} at {bootstrap}: run `upswing topics create`")
        (described,) = await admin.describe_topics([name])
    return [TopicPartition(name, row["partition"]) for row in described["partitions"]]
