"""Looks after the consumer and the outbox: gauges, readiness, and the end of a process that no longer gets anywhere.

Source: design (durability 5): lag above zero and no progress for N seconds: exit.
"""

import asyncio
import time

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify import metrics
from services.notify.consumer import Consumer
from services.notify.outbox import DATABASE_TROUBLE, Clock
from services.notify.repository import hot, log
from services.notify.settings import Settings
from shared.io.readiness import Readiness
from shared.kernel.clock import DAY_MS
from shared.kernel.errors import InvariantError

LOG = structlog.get_logger("notify.watchdog")
LOOK_SECONDS = 1.0
SWEEP_SECONDS = 3_600.0
CHECK = "consumer"


class Watchdog:
    """One for the process."""

    def __init__(
        self, settings: Settings, consumer: Consumer, engine: AsyncEngine, readiness: Readiness, clock: Clock
    ) -> None:
        self._settings = settings
        self._consumer = consumer
        self._engine = engine
        self._readiness = readiness
        self._clock = clock
        self._seen = -1
        self._moved_at = time.monotonic()
        self._sweep_at = 0.0
        self._gauged: set[tuple[str, str]] = set()
        readiness.expect(CHECK, "no partitions are assigned yet")

    async def run(self) -> None:
        """Look every second. Errors: `InvariantError` when records wait and none was taken for too long."""
        while True:
            await self._look_at_lag()
            try:
                await self._look_at_outbox()
                if time.monotonic() >= self._sweep_at:
                    self._sweep_at = time.monotonic() + SWEEP_SECONDS
                    await self.sweep()
            except DATABASE_TROUBLE as error:
                LOG.warning("outbox not looked at", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def sweep(self) -> int:
        """Forget what was taken in longer ago than the topics remember, and return how much that was."""
        async with self._engine.begin() as connection:
            return await hot.forget_taken(connection, self._clock() - self._settings.inbox_days * DAY_MS)

    async def _look_at_lag(self) -> None:
        try:
            waiting = await self._consumer.lag()
        except (KafkaError, TimeoutError, OSError) as error:
            self._readiness.fail(CHECK, f"the broker does not answer: {type(error).__name__}")
            self._bark(stuck=True)
            return
        if waiting is None:
            self._readiness.fail(CHECK, "no partitions are assigned")
            self._bark(stuck=True)
            return
        for topic, count in waiting.items():
            metrics.LAG.labels(topic).set(count)
        total = sum(waiting.values())
        if total > self._settings.ready_lag_records:
            self._readiness.fail(CHECK, f"{total} records wait")
        else:
            self._readiness.ok(CHECK)
        self._bark(stuck=total > 0)

    def _bark(self, *, stuck: bool) -> None:
        now = time.monotonic()
        if not stuck or self._consumer.progress != self._seen:
            self._seen, self._moved_at = self._consumer.progress, now
        elif now - self._moved_at > self._settings.progress_seconds:
            raise InvariantError(f"no record was taken for {self._settings.progress_seconds:g} s: some may wait")

    async def _look_at_outbox(self) -> None:
        async with self._engine.connect() as connection:
            sizes = await log.outbox_sizes(connection)
            oldest = await log.oldest_unsent(connection)
        for key in self._gauged - sizes.keys():
            metrics.OUTBOX.labels(*key).set(0)
        for key, size in sizes.items():
            metrics.OUTBOX.labels(*key).set(size)
        self._gauged |= sizes.keys()
        metrics.OLDEST.set(0 if oldest is None else max(self._clock() - oldest, 0) / 1000)
