"""Watches that work goes on: a service that stands still must end, so that its supervisor starts it again.

Source: design (durability 5).
"""

import asyncio
import os
import threading
import time
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from services.pipeline.consumer import Feed
from services.pipeline.settings import Settings
from shared.io.logs import get_logger
from shared.io.readiness import Readiness
from shared.kernel.errors import InvariantError

LOOK_SECONDS = 1.0
BEAT_SECONDS = 0.5
EXIT_CODE = 1
_log = get_logger(__name__)


async def watch_feeds(feeds: Sequence[Feed], settings: Settings, readiness: Readiness) -> None:
    """Keep the readiness of each feed true. Errors: `InvariantError` when one has work and does none for too long."""
    moved = {feed.name: (feed.progress, time.monotonic()) for feed in feeds}
    for feed in feeds:
        readiness.expect(feed.name, "no partitions are assigned yet")
    while True:
        for feed in feeds:
            lag = await _look(feed, settings, readiness)
            progress, since = moved[feed.name]
            if not lag or feed.progress != progress:
                moved[feed.name] = (feed.progress, time.monotonic())
            elif time.monotonic() - since > settings.progress_seconds:
                waited = f"none was taken for {settings.progress_seconds:g} s"
                raise InvariantError(f"{lag} records of the feed {feed.name} wait, and {waited}")
        await asyncio.sleep(LOOK_SECONDS)


async def _look(feed: Feed, settings: Settings, readiness: Readiness) -> int | None:
    try:
        lag = await feed.lag()
    except (KafkaError, TimeoutError) as error:
        readiness.fail(feed.name, f"the broker does not say how much waits: {type(error).__name__}")
        return None
    if lag is None:
        readiness.fail(feed.name, "no partitions are assigned")
    elif lag > settings.ready_lag_records:
        readiness.fail(feed.name, f"{lag} records wait, more than {settings.ready_lag_records}")
    else:
        readiness.ok(feed.name)
    return lag


class Heart:
    """Ends the process when its event loop stands still: a thread looks for the beats of a task."""

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._beaten_at = time.monotonic()

    async def beat(self) -> None:
        """Beat until cancelled, under the eyes of the thread."""
        stopped = threading.Event()
        threading.Thread(target=self._listen, args=(stopped,), name="heart", daemon=True).start()
        try:
            while True:
                self._beaten_at = time.monotonic()
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            stopped.set()

    def _listen(self, stopped: threading.Event) -> None:
        looked_at = time.monotonic()
        while not stopped.wait(BEAT_SECONDS):
            now = time.monotonic()
            if now - looked_at > 2 * BEAT_SECONDS + 1:  # the whole process stood still, which is not the loop's fault
                self._beaten_at = now
            looked_at = now
            if now - self._beaten_at > self._stall_seconds:
                _log.critical("event loop stands still", seconds=self._stall_seconds)
                os._exit(EXIT_CODE)
