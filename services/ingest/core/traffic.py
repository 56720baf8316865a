"""What a process hears of each source, hour by hour. Source: playbook section 7 (`source_silent`)."""

from shared.kernel.clock import HOUR_MS, MINUTE_MS
from shared.kernel.tallies import LISTENING, TrafficTally, hour_of

LONGEST_GAP_MS = 10 * MINUTE_MS  # between two rounds of writing; after a longer one nobody knows what was between


class Traffic:
    """The counts of one process. Shape: cumulative by source and hour, for the hour under way and the one before."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._counts: dict[tuple[str, int], list[int]] = {}
        self._changed: set[tuple[str, int]] = set()
        self._asked_at: int | None = None
        self._open_ms: dict[int, int] = {}

    def add(self, source: str, events: int, now_ms: int) -> None:
        """Count events that are in the log."""
        if not events:
            return
        place = (source, hour_of(now_ms))
        self._changed.add(place)
        cell = self._counts.get(place)
        if cell is None:
            self._counts[place] = [events, now_ms]
        else:
            cell[0] += events
            cell[1] = max(cell[1], now_ms)

    def changed(self, now_ms: int) -> list[TrafficTally]:
        """Return what has changed since it was last asked; that it is asked says that events can be taken."""
        self._listen(now_ms)
        tallies = [
            TrafficTally(process=self._process, source=source, hour=hour, count=count, at=at)
            for source, hour in sorted(self._changed)
            for count, at in (self._counts[source, hour],)
        ]
        self._changed.clear()
        oldest = hour_of(now_ms) - HOUR_MS
        self._counts = {place: cell for place, cell in self._counts.items() if place[1] >= oldest}
        self._open_ms = {hour: spent for hour, spent in self._open_ms.items() if hour >= oldest}
        return tallies

    def _listen(self, now_ms: int) -> None:
        before, self._asked_at = self._asked_at, now_ms
        if before is None or not 0 <= now_ms - before <= LONGEST_GAP_MS:
            return
        hour = hour_of(now_ms)
        if before < hour:
            self._note(hour - HOUR_MS, hour - before, now_ms)
        self._note(hour, now_ms - max(before, hour), now_ms)

    def _note(self, hour: int, spent_ms: int, now_ms: int) -> None:
        minutes = self._open_ms.get(hour, 0) // MINUTE_MS
        self._open_ms[hour] = self._open_ms.get(hour, 0) + spent_ms
        if self._open_ms[hour] // MINUTE_MS != minutes:
            self._counts[LISTENING, hour] = [self._open_ms[hour] // MINUTE_MS, now_ms]
            self._changed.add((LISTENING, hour))
