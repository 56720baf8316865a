"""How far an import has come in each partition: read from the log's own last records, which carry their place in it.

Source: definition 73 (history is loaded before the first live tick).
"""

import asyncio

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.io.kafka import make_consumer
from shared.kernel.clock import iso
from shared.kernel.codec import decode_record
from shared.kernel.controls import Tick
from shared.kernel.errors import ConfigurationError, DependencyError

HEADER = "upswing-import"
LOOKED_AT = 5
SECONDS = 90.0
PAUSE_SECONDS = 0.5
POLL_MS = 500


class Cursor(msgspec.Struct, frozen=True, order=True):
    """The last record of an import in a partition: its unit and which piece of it. Nothing yet is `(-1, 0)`."""

    unit: int
    piece: int


NOTHING = Cursor(-1, 0)


def header_of(import_id: str, cursor: Cursor) -> list[tuple[str, bytes]]:
    """Return the header of the record that brings a partition to a place."""
    return [(HEADER, f"{import_id}/{cursor.unit}/{cursor.piece}".encode())]


async def read_cursors(bootstrap: str, topic: str, partitions: list[int], import_id: str) -> dict[int, Cursor]:
    """Return the place of each partition.

    Errors: `ConfigurationError` when the log holds what this import has not written; `DependencyError`.
    """
    consumer: AIOKafkaConsumer = make_consumer(bootstrap, None)
    try:
        await consumer.start()
        async with asyncio.timeout(SECONDS):
            first, last = await _bounds(consumer, [TopicPartition(topic, number) for number in partitions])
            return {
                part.partition: _judge(await _last(consumer, part, first[part], last[part]), import_id, topic)
                for part in last
            }
    except (KafkaError, TimeoutError) as error:
        raise DependencyError(f"the broker at {bootstrap} does not say what {topic} holds: try again") from error
    finally:
        await consumer.stop()


async def _bounds(
    consumer: AIOKafkaConsumer, parts: list[TopicPartition]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Return where partitions begin and end. A broker that has just made its topics may not lead them yet."""
    while True:
        try:
            return await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        except KafkaError:
            await asyncio.sleep(PAUSE_SECONDS)


async def _last(consumer: AIOKafkaConsumer, part: TopicPartition, first: int, end: int) -> list[ConsumerRecord]:
    if first == end:
        return []
    consumer.assign([part])
    consumer.seek(part, max(first, end - LOOKED_AT))
    found: list[ConsumerRecord] = []
    while not found or found[-1].offset < end - 1:
        found += (await consumer.getmany(part, timeout_ms=POLL_MS)).get(part, [])
    return found


def _judge(records: list[ConsumerRecord], import_id: str, topic: str) -> Cursor:
    """Return the place that the last records of a partition tell. Errors: `ConfigurationError`."""
    found: Cursor | None = None
    for record in records:
        for line in (line for _number, line in decode_record(record.value or b"")[0]):
            if isinstance(line, Tick) and line.live:
                raise ConfigurationError(
                    f"a live tick was written to {topic} ({iso(line.at)}): history can be loaded only before a stack "
                    "has been live; choose a new --data folder, or another --topic-prefix"
                )
        for name, value in record.headers:
            if name == HEADER:
                named, unit, piece = value.decode().rsplit("/", 2)
                found = Cursor(int(unit), int(piece)) if named == import_id else found
    if found is None and records:
        raise ConfigurationError(
            f"{topic} already holds records that this import has not written, and history can be loaded only into a "
            "new log: choose a new --data folder, or another --topic-prefix"
        )
    return found or NOTHING
