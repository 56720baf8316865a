"""The outbox: publishes what transactions have left for Kafka, at least once and in order.

Rows are deleted only when the broker has them. While it does not answer, the same sends are waited for: an idempotent
producer delivers them as soon as it can, and sending them again would only repeat them. Source: design (durability 4).
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.metrics import OUTBOX_SECONDS, SEND_FAILURES, SENT
from services.pipeline.repository import outbox
from services.pipeline.settings import Settings
from services.pipeline.tables import OutboxRow
from services.pipeline.unit import DATABASE_ERRORS, Patience, Unit, say
from shared.io.kafka import make_producer
from shared.io.logs import get_logger
from shared.io.readiness import Readiness
from shared.kernel.errors import DependencyError

CHECK = "outbox"
PAUSE_SECONDS = 0.5
_log = get_logger(__name__)


class Outbox:
    """The publisher. `unit.bell` wakes it; without a bell it looks from time to time."""

    def __init__(self, settings: Settings, unit: Unit, readiness: Readiness, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._unit = unit
        self._readiness = readiness
        self._clock = clock
        readiness.expect(CHECK)

    async def run(self) -> None:
        """Publish until cancelled. Errors: `DependencyError` when the database or the broker fail past the deadline."""
        producer = make_producer(self._settings.kafka, client_id="pipeline-outbox")
        await self._start(producer)
        try:
            while True:
                if await self._publish(producer) < self._settings.outbox_batch:
                    await self._wait()
        finally:
            with contextlib.suppress(TimeoutError):  # a broker that does not answer must not hold up the stop
                async with asyncio.timeout(self._settings.drain_seconds):
                    await producer.stop()

    async def _start(self, producer: AIOKafkaProducer) -> None:
        patience = Patience(self._settings.retry_seconds)
        while True:
            try:
                await producer.start()
            except (KafkaError, OSError) as error:
                if patience.is_over():
                    raise DependencyError(f"no Kafka broker answers at {self._settings.kafka}: {say(error)}") from error
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.outbox_idle_seconds):
                await self._unit.bell.wait()
        self._unit.bell.clear()

    async def _publish(self, producer: AIOKafkaProducer) -> int:
        """Publish the oldest rows and return how many there were; after a failed transaction they come again."""
        patience = Patience(self._settings.retry_seconds)
        while True:
            try:
                sent = await self._unit.run("outbox", lambda session: self._send(session, producer), rings=False)
            except DATABASE_ERRORS as error:
                SEND_FAILURES.inc()
                self._readiness.fail(CHECK, f"the database fails: {say(error)}")
                if patience.is_over():
                    raise DependencyError(f"the outbox cannot be read: {say(error)}") from error
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._readiness.ok(CHECK)
                return sent

    async def _send(self, session: AsyncSession, producer: AIOKafkaProducer) -> int:
        settings = self._settings
        longest = settings.delivery_seconds + settings.retry_seconds + settings.idle_transaction_seconds
        rows = await outbox.claim(session, settings.outbox_batch, longest)
        if not rows:
            return 0
        sending = asyncio.create_task(_deliver(producer, rows))
        try:
            await self._acknowledged(sending)
        finally:
            sending.cancel()
        await outbox.settle(session, rows)
        now = self._clock()
        for row in rows:
            SENT.labels(row.topic.removeprefix(settings.topic_prefix)).inc()
            OUTBOX_SECONDS.observe(max(0, now - row.created_at) / 1000)
        return len(rows)

    async def _acknowledged(self, sending: asyncio.Task[None]) -> None:
        """Wait for the broker: past the deadline of a delivery not ready, past that of a dependency no more."""
        for seconds in (self._settings.delivery_seconds, self._settings.retry_seconds):
            done, _pending = await asyncio.wait([sending], timeout=seconds)
            if done:
                return sending.result()
            self._readiness.fail(CHECK, "the broker does not take records")
            _log.warning("broker does not take records", seconds=seconds)
        raise DependencyError("the broker does not take the records of the outbox")


async def _partitions(producer: AIOKafkaProducer, row: OutboxRow) -> Sequence[int | None]:
    """Return the partitions that a record goes to; None is that of its key."""
    return sorted(await producer.partitions_for(row.topic)) if row.everywhere else [None]


async def _deliver(producer: AIOKafkaProducer, rows: Sequence[OutboxRow]) -> None:
    try:
        acks = [
            await producer.send(row.topic, row.value, key=row.key, partition=partition)
            for row in rows
            for partition in (await _partitions(producer, row))
        ]
        await asyncio.gather(*acks)
    except KafkaError as error:
        SEND_FAILURES.inc()
        raise DependencyError(f"the broker refuses a record of the outbox: {say(error)}") from error
