"""The watchdog: a worker that stands still leaves, so that its supervisor starts it again.

Faust and aiokafka have silent stalls (reliability, section 1), and only log them. Looked at: progress while there is
lag (the log's end is asked from the broker, since a consumer that has stopped fetching does not see it move), the
event loop (from a thread), recovery's deadline, and that the input topic is still the one we began with.
"""

import asyncio
import threading
import time
from typing import Any

from aiokafka.errors import KafkaError
from faust.types import TP

from services.signals.fates import leave
from services.signals.metrics import LAG_RECORDS
from services.signals.owned import Owned
from services.signals.reader import Reader
from services.signals.settings import Settings
from shared.io.kafka import topic_id
from shared.io.logs import get_logger
from shared.io.readiness import Readiness
from shared.kernel.errors import DependencyError, InvariantError

__all__ = ["Watchdog"]

BEAT_SECONDS = 0.25
LOOK_SECONDS = 2.0
ASK_SECONDS = 10.0
LOG_CHECK_SECONDS = 30.0
WAITING_PATIENCE = 10  # times as long may a partition stand while others are read
BROKER = "broker"

log = get_logger(__name__)


class Watchdog:
    """Looks after one worker. Every trouble it finds ends the process (`fates.leave`)."""

    def __init__(self, settings: Settings, reader: Reader, readiness: Readiness) -> None:
        self._waiting_since: float | None = time.monotonic()
        self._settings = settings
        self._reader = reader
        self._readiness = readiness
        self._beat = time.monotonic()
        self._seen: dict[TP, tuple[tuple[int, int], float]] = {}
        self._shown: set[int] = set()
        self._log_checked_at = time.monotonic()

    def watch_loop(self) -> None:
        """Start the thread that ends the process when the event loop stands still or was paused too long."""
        self._beat = time.monotonic()
        threading.Thread(target=self._watch_beat, name="watchdog", daemon=True).start()

    async def beat(self) -> None:
        """Show for ever that the event loop runs."""
        while True:
            self._check_beat()  # here too: after a pause of the whole process the loop may run before the thread
            self._beat = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)

    async def run(self, consumer: Any) -> None:
        """Look for ever. Errors: `InvariantError` when the worker stands still."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._check_recovery()
            await self._check_progress(consumer)
            await self._check_log()

    def _watch_beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            self._check_beat()

    def _check_beat(self) -> None:
        silent = time.monotonic() - self._beat
        if silent > self._settings.stall_seconds:
            leave(InvariantError(f"the event loop has stood still for {silent:.1f} s"))

    def _check_recovery(self) -> None:
        if not self._reader.halted:
            self._waiting_since = None
            return
        self._waiting_since = self._waiting_since or time.monotonic()
        if time.monotonic() - self._waiting_since > self._settings.recovery_seconds:
            raise InvariantError(f"recovery has not ended within {self._settings.recovery_seconds:g} s")

    async def _check_progress(self, consumer: Any) -> None:
        owned = dict(self._reader.owned)
        if not owned:
            return
        try:
            async with asyncio.timeout(ASK_SECONDS):
                ends = await consumer.highwaters(*owned)
        except (TimeoutError, KafkaError) as error:
            self._readiness.fail(BROKER, f"the broker does not say where the log ends: {error!r}"[:200])
            return
        self._readiness.ok(BROKER)
        now = time.monotonic()
        patience = self._settings.progress_seconds * (WAITING_PATIENCE if self._is_busy(owned) else 1)
        for tp, partition in owned.items():
            partition.highwater = ends.get(tp, partition.highwater)
            before, since = self._seen.get(tp, ((-1, 0), now))
            if partition.progress == before and partition.lag and not partition.closed:
                await self._pass_end(partition)
            if partition.progress != before or partition.lag == 0:
                since = now
            self._seen[tp] = (partition.progress, since)
            if now - since > patience and not partition.closed:
                raise InvariantError(
                    f"{tp} has {partition.lag} records to fold and stands at {partition.next} since {now - since:.0f} s"
                )
        self._show_lag(owned)

    def _is_busy(self, owned: dict[TP, Owned]) -> bool:
        """Tell whether a backlog is being folded: a partition whose turn has not come yet does not stand still."""
        return any(
            partition.lag and tp in self._seen and partition.progress != self._seen[tp][0]
            for tp, partition in owned.items()
        )

    async def _pass_end(self, partition: Owned) -> None:
        """Let a partition that stands before the log's end go on when only a gap is left there."""
        try:
            await self._reader.gaps.pass_end(partition, partition.highwater)
        except DependencyError as error:
            self._readiness.fail(BROKER, str(error)[:200])

    def _show_lag(self, owned: dict[TP, Any]) -> None:
        lags = {partition.partition: partition.lag for partition in owned.values()}
        for number in self._shown - lags.keys():
            LAG_RECORDS.remove(str(number))
        for number, lag in lags.items():
            LAG_RECORDS.labels(str(number)).set(lag)
        self._shown = set(lags)

    async def _check_log(self) -> None:
        if time.monotonic() - self._log_checked_at < LOG_CHECK_SECONDS:
            return
        self._log_checked_at = time.monotonic()
        try:
            found = await topic_id(self._settings.kafka, self._reader.events_topic)
        except (DependencyError, KafkaError) as error:
            log.warning("the input topic's id could not be read", why=str(error))
            return
        if found != self._reader.epoch:
            raise InvariantError(
                f"topic {self._reader.events_topic} was created again: its id was {self._reader.epoch} and is {found}"
            )
