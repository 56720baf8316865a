"""Where alerts come in: each is printed as it arrives, with the seconds since the event that caused it."""

import asyncio
from typing import Self

from shared.kernel.triggers import Trigger
from upswing.demo.receivers import Alert
from upswing.demo.show import Show
from upswing.demo.watch import TriggerWatch
from upswing.history.calls import Call

KNOWN_SECONDS = 2.0
LOOK_SECONDS = 0.05
DAY = "day"


class Desk:
    """All alerts so far. Shape: `most` is how many are printed in full, the others are counted.

    Units: `seconds` holds, for each alert that a live event caused, the time from sending the event to the arrival.
    """

    def __init__(self, show: Show, most: int = 1_000) -> None:
        self._show, self._most = show, most
        self._queue: asyncio.Queue[Alert] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._sent_ms: dict[str, int] = {}
        self._watch: TriggerWatch | None = None
        self.alerts: list[Alert] = []
        self.seconds: list[float] = []

    async def __aenter__(self) -> Self:
        """Begin to print."""
        self._task = asyncio.create_task(self._print(), name="print alerts")
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Stop printing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def look_at(self, watch: TriggerWatch) -> None:
        """Say where the records are that alerts belong to."""
        self._watch = watch

    def arrived(self, alert: Alert) -> None:
        """Take an alert in."""
        self.alerts.append(alert)
        self._queue.put_nowait(alert)

    def sending(self, call: Call, at_ms: int) -> None:
        """Note when a live call was handed to the SDK."""
        self._sent_ms[call.message_id] = self._sent_ms[call.account_id] = at_ms

    async def until_about(self, name: str, since: int, seconds: float) -> bool:
        """Return whether an alert about an account, later than the first `since` alerts, is printed within the time."""
        try:
            async with asyncio.timeout(seconds):
                while not any(name in alert.title for alert in self.alerts[since:]) or not self._queue.empty():
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return False
        return True

    async def until_quiet(self, quiet_seconds: float) -> None:
        """Return when no alert has arrived for a while."""
        count = -1
        while count != len(self.alerts):
            count = len(self.alerts)
            await asyncio.sleep(quiet_seconds)

    async def _print(self) -> None:
        printed = 0
        while True:
            alert = await self._queue.get()
            seconds = await self._seconds_of(alert)
            if seconds is not None:
                self.seconds.append(seconds)
            printed += 1
            if printed <= self._most:
                self._show.alert(alert, seconds)
            else:
                self._show.say(f"{alert.channel}: {alert.title}")

    async def _seconds_of(self, alert: Alert) -> float | None:
        record = await self._record_of(alert)
        if record is None:
            return None
        # A page view has an id of its own in the log, and what releases a trigger is not what decided it: then it is
        # the latest call that was sent about the account. A change of day is no event.
        source, _, event_id = record.decided_by.partition("/")
        latest = None if source == DAY and record.record == "fired" else self._sent_ms.get(record.account_id)
        sent_ms = self._sent_ms.get(event_id, latest) if record.record == "fired" else latest
        return None if sent_ms is None else (alert.at_ms - sent_ms) / 1000

    async def _record_of(self, alert: Alert) -> Trigger | None:
        """Return the newest record of the alert's trigger; the topic may be read a moment after the alert."""
        for _look in range(round(KNOWN_SECONDS / LOOK_SECONDS)):
            for record in reversed(self._watch.records if self._watch else []):
                if record.trigger_id == alert.trigger_id and record.record != "held":
                    return record
            await asyncio.sleep(LOOK_SECONDS)
        return None
