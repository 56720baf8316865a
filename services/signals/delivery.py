"""Sending: outputs and pages, in batches that the broker appends as a whole.

Our own idempotent producer: Faust's is not, gives up after 0.1 s, and only logs what it could not deliver. Idempotence
also means that our appends to a changelog are contiguous, so a foreign write shows as a gap. A batch of `create_batch`
costs 1.7 µs of CPU a record, `send` 43. aiokafka's idempotent producer never gives up, hence a deadline on every wait.
Source: design (durability 2; throughput), reliability section 1.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.structs import RecordMetadata
from faust.types import TP

from services.signals.core.pages import Stamp
from services.signals.metrics import OUTPUTS_TOO_LARGE, PAGE_BYTES, PAGES_WRITTEN
from services.signals.owned import OutputLike, Owned
from services.signals.settings import Settings
from services.signals.store import Page, tombstone_headers
from shared.io.kafka import make_producer
from shared.io.logs import get_logger
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.ids import partition_for
from shared.kernel.topics import PAGE_BATCH_BYTES, Topic

__all__ = ["Delivery", "SentPages"]

DEFAULT_MAX_MESSAGE_BYTES = 1_048_588
BATCH_BYTES = 900_000
BATCH_HEADER_BYTES = 128
RECORD_HEADER_BYTES = 64
TOPIC_ATTEMPTS = 8
TOPIC_PAUSE_SECONDS = 0.25

Delivered = asyncio.Future[RecordMetadata]
log = get_logger(__name__)


class SentPages(NamedTuple):
    """One batch on its way to a changelog."""

    records: int
    delivered: Delivered


class Delivery:
    """The worker's producer. Errors: `DependencyError` when the broker does not take something within the deadline."""

    def __init__(self, settings: Settings) -> None:
        self._bootstrap = settings.kafka
        self._prefix = settings.topic_prefix
        self._deadline = settings.delivery_seconds
        self._partitions: dict[str, int] = {}
        self._producer: AIOKafkaProducer | None = None

    async def start(self, topics: Iterable[Topic]) -> None:
        """Connect and learn how many partitions each topic has. Errors: `ConfigurationError` when one is missing."""
        self._producer = make_producer(
            self._bootstrap, max_batch_size=PAGE_BATCH_BYTES, max_request_size=PAGE_BATCH_BYTES
        )
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise DependencyError(f"no Kafka broker answers at {self._bootstrap}: {error}") from error
        names = {topic.name: self._prefix + topic.name for topic in topics}
        for _attempt in range(TOPIC_ATTEMPTS):  # a topic that has just been created takes a moment
            cluster = await self._producer.client.fetch_all_metadata()
            found = {name: len(cluster.partitions_for_topic(full) or ()) for name, full in names.items()}
            if all(found.values()):
                self._partitions = found
                return
            await asyncio.sleep(TOPIC_PAUSE_SECONDS)
        missing = ", ".join(sorted(names[name] for name, count in found.items() if not count))
        raise ConfigurationError(f"these topics do not exist: {missing}; run `upswing topics create`")

    def partitions(self, topic: Topic) -> int:
        """Return how many partitions a topic has."""
        return self._partitions[topic.name]

    async def send(self, owned: Owned, outputs: Iterable[OutputLike]) -> None:
        """Send outputs now; `owned.unacked` gets what must be confirmed. The caller holds `owned.sending`."""
        grouped: dict[TP, list[tuple[bytes, bytes | None]]] = {}
        for output in outputs:
            limit = int(output.topic.settings.get("max.message.bytes", DEFAULT_MAX_MESSAGE_BYTES))
            if len(output.value or b"") + len(output.key) + BATCH_HEADER_BYTES > limit:
                OUTPUTS_TOO_LARGE.labels(output.topic.name).inc()
                log.error("an output is too large for its topic and was left out", topic=output.topic.name)
                continue
            partition = output.partition
            if partition is None:
                partition = _partition(output.key, self._partitions[output.topic.name])
            tp = TP(self._prefix + output.topic.name, partition)
            grouped.setdefault(tp, []).append((output.key, output.value))
        for tp, records in grouped.items():
            for chunk in _chunks([[record] for record in records]):
                owned.unacked.append(await self._submit(tp, chunk))

    async def send_record(self, tp: TP, value: bytes) -> Delivered:
        """Send one record without a key to a partition."""
        return await self._submit(tp, [(None, value)])

    async def send_pages(self, changelog: TP, groups: Sequence[Sequence[Page]], stamp: Stamp) -> list[SentPages]:
        """Send atomic groups of pages in their order. Shape: `stamp` is that of the tombstones among them."""
        sent = []
        for chunk in _chunks(groups):
            sent.append(SentPages(len(chunk), await self._submit(changelog, chunk, tombstone_headers(stamp))))
            PAGES_WRITTEN.inc(len(chunk))
            PAGE_BYTES.inc(sum(len(value) for _key, value in chunk if value is not None))
        return sent

    async def confirm(self, deliveries: Sequence[asyncio.Future[Any]]) -> list[Any]:
        """Wait until the broker has all of them."""
        if not deliveries:
            return []
        _done, pending = await asyncio.wait(deliveries, timeout=self._deadline)
        if pending:
            raise DependencyError(f"the broker did not take {len(pending)} batches within {self._deadline:g} s")
        try:
            return [delivery.result() for delivery in deliveries]
        except KafkaError as error:
            raise DependencyError(f"the broker refused a batch: {error!r}") from error

    async def stop(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def _submit(self, tp: TP, records: Iterable[Any], tombstone: Sequence[tuple[str, bytes]] = ()) -> Delivered:
        if self._producer is None:
            raise RuntimeError("start() comes first")
        batch = self._producer.create_batch()
        for key, value in records:
            headers = list(tombstone) if value is None else []
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                raise DependencyError(f"pages that must travel together are larger than {PAGE_BATCH_BYTES} bytes")
        batch.close()
        try:
            async with asyncio.timeout(self._deadline):
                return await self._queue(self._producer, batch, tp)
        except TimeoutError:
            raise DependencyError(
                f"the broker did not take a batch for {tp.topic} within {self._deadline:g} s"
            ) from None
        except KafkaError as error:
            raise DependencyError(f"the broker refused a batch for {tp.topic}: {error!r}") from error

    async def _queue(self, producer: AIOKafkaProducer, batch: Any, tp: TP) -> Delivered:
        while True:
            try:
                delivered: Delivered = await producer.send_batch(batch, tp.topic, partition=tp.partition)
            except KafkaTimeoutError:
                log.warning("the broker is slow to take a batch", topic=tp.topic, partition=tp.partition)
            else:
                return delivered


@lru_cache(maxsize=1 << 16)
def _partition(key: bytes, partitions: int) -> int:
    return partition_for(key.decode(errors="replace"), partitions)


def _chunks(groups: Iterable[Sequence[tuple[bytes, bytes | None]]]) -> Iterator[list[tuple[bytes, bytes | None]]]:
    """Give lists of records that fit one batch; a group is never divided."""
    chunk: list[tuple[bytes, bytes | None]] = []
    size = 0
    for group in groups:
        weight = sum(len(key) + len(value or b"") + RECORD_HEADER_BYTES for key, value in group)
        if chunk and size + weight > BATCH_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.extend(group)
        size += weight
    if chunk:
        yield chunk
