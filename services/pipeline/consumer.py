"""A feed: fetches records, takes them in one transaction, and only then commits their offsets.

The three fates of an exception: *record* (the data are at fault): the batch is taken again record by record, and the
one goes to `dead.letters`; *dependency* (the database fails): again until the deadline, then exit; *invariant*: exit.
Source: design (durability 3 to 5).
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.context import Context
from services.pipeline.letters import bury
from services.pipeline.metrics import COMMIT_FAILURES, LAG, RETRIES
from services.pipeline.settings import Settings
from services.pipeline.takers import Settled, Taker
from services.pipeline.unit import Patience, Unit, Work, is_fault_of_data, say
from shared.io.kafka import make_consumer
from shared.io.logs import get_logger
from shared.kernel.errors import DependencyError, Problem, Reason, UpswingError

T = TypeVar("T")
POLL_MS = 1_000
BROKER_SECONDS = 5.0
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
MOST_FAULTS = 3  # data are at fault when they fail so often: what somebody else's lead or a connection breaks passes
_log = get_logger(__name__)


class FeedSpec(msgspec.Struct, frozen=True):
    """What a feed reads and how. Shape: `topics` are full names; `most` records are taken in one transaction.

    Units: `wait_ms` is how long a fetch may wait for records; what comes meanwhile elsewhere waits as long.
    """

    name: str
    topics: tuple[str, ...]
    most: int
    wait_ms: int
    take: Taker


class Feed(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """One consumer and the loop that takes what it reads."""

    def __init__(
        self, spec: FeedSpec, settings: Settings, context: Context, unit: Unit, clock: Callable[[], int]
    ) -> None:
        self.name = spec.name
        self.progress = 0
        self._spec = spec
        self._settings = settings
        self._context = context
        self._unit = unit
        self._clock = clock
        self._consumer: AIOKafkaConsumer | None = None
        self._done: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Read and take until cancelled. Errors: `DependencyError` when broker or database fail past the deadline."""
        consumer = await self._start()
        try:
            while True:
                batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=self._spec.most)
                for partition, batch in batches.items():
                    self._done.setdefault(partition, batch[0].offset)
                records = [record for batch in batches.values() for record in batch]
                if records:
                    await self.settle(records)
                    await self._commit(consumer, records)
        finally:
            self._consumer = None
            await consumer.stop()

    async def settle(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records, whatever the database does. Errors: `DependencyError` past the deadline."""
        try:
            settled = await self._insist(self.name, partial(self._take, records))
        except UpswingError:
            raise
        except Exception as error:  # noqa: BLE001 - fate: record by record, and the one at fault to the dead letters
            await self._isolate(records, error)
        else:
            settled(self._clock())

    async def _insist(self, name: str, work: Work[T]) -> T:
        """Return what the work returns. Errors: its own when data are at fault, `DependencyError` past the deadline."""
        patience = Patience(self._settings.retry_seconds)
        waits = iter(RETRY_SECONDS)
        faults = 0
        while True:
            try:
                return await self._unit.run(name, work)
            except UpswingError:
                raise
            except Exception as error:  # fate: the data are at fault, or again to the deadline
                faults += is_fault_of_data(error)
                if faults >= MOST_FAULTS:
                    raise
                if patience.is_over():
                    raise DependencyError(f"the database does not take records: {say(error)}") from error
                RETRIES.labels(self.name).inc()
                _log.warning("batch tried again", feed=self.name, error=say(error))
                await asyncio.sleep(next(waits, RETRY_SECONDS[-1]))

    async def lag(self) -> int | None:
        """Return how many records have not been taken yet; None: no partitions are assigned.

        Errors: `KafkaError` or `TimeoutError` when the broker does not answer.
        """
        consumer = self._consumer
        if consumer is None or not (assigned := consumer.assignment()):
            return None
        async with asyncio.timeout(BROKER_SECONDS):
            ends = await consumer.end_offsets(list(assigned))
            waiting: int = sum([max(0, end - await self._position(consumer, part)) for part, end in ends.items()])
        LAG.labels(self.name).set(waiting)
        return waiting

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Forget how far revoked partitions were read: somebody else goes on with them."""
        for partition in revoked:
            self._done.pop(partition, None)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Forget what was read of them before: the committed offset counts."""
        for partition in assigned:
            self._done.pop(partition, None)
        _log.info("partitions assigned", feed=self.name, partitions=len(assigned))

    async def _start(self) -> AIOKafkaConsumer:
        settings = self._settings
        patience = Patience(settings.retry_seconds)
        while True:
            consumer = make_consumer(
                settings.kafka,
                f"{settings.topic_prefix}pipeline-{self.name}",
                group_instance_id=f"{settings.instance}-{self.name}",
                client_id=f"pipeline-{self.name}",
                session_timeout_ms=int(settings.session_seconds * 1000),
                heartbeat_interval_ms=int(settings.heartbeat_seconds * 1000),
                fetch_max_wait_ms=self._spec.wait_ms,
            )
            consumer.subscribe(self._spec.topics, listener=self)
            try:
                await consumer.start()
            except (KafkaError, OSError) as error:
                await consumer.stop()
                if patience.is_over():
                    raise DependencyError(f"no Kafka broker answers at {settings.kafka}: {say(error)}") from error
                await asyncio.sleep(RETRY_SECONDS[-1])
            else:
                self._consumer = consumer
                return consumer

    async def _take(self, records: Sequence[ConsumerRecord], session: AsyncSession) -> Settled:
        return await self._spec.take(session, self._context, records, self._clock())

    async def _isolate(self, records: Sequence[ConsumerRecord], error: Exception) -> None:
        """Find the record at fault: alone it goes to `dead.letters`, the others are taken."""
        if len(records) > 1:
            for record in records:
                await self.settle([record])
            return
        (record,) = records
        problem = Problem(Reason.UNUSABLE, "", f"the pipeline cannot use it: {say(error)}"[:500])
        _log.error("record buried", feed=self.name, partition=record.partition, offset=record.offset, error=say(error))
        await self._insist("bury", lambda session: bury(session, self._context, record, problem, self._clock()))

    async def _commit(self, consumer: AIOKafkaConsumer, records: Sequence[ConsumerRecord]) -> None:
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        self._done |= offsets
        self.progress += len(records)
        try:
            async with asyncio.timeout(self._settings.commit_seconds):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:  # fate: the next commit covers it, or the records come again
            COMMIT_FAILURES.labels(self.name).inc()
            _log.warning("offsets not committed", feed=self.name, error=say(error))

    async def _position(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
        if partition in self._done:
            return self._done[partition]
        position: int = await consumer.position(partition)
        return position
