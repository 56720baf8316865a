"""Which events an account has seen within the last hour of its own clock (definition 8).

Ids are kept whole, in two generations, so that a check is two look-ups and forgetting is dropping a generation; each id
keeps the clock at its first, so the hour is exact, however late a generation is dropped: the few ids of an account that
does little stay, for dropping them would cost more than they weigh. In the store they lie in *segments*: small pages
that are appended to and, once full, never written again, so a flush costs bytes in proportion to what is new.
Memory: at most two hours of ids, about 200 bytes each; 1,000 events/s on one account hold 1.4 GB at worst.
"""

import msgspec

from services.signals.core.pages import SCHEMA_VERSION, Stamp
from shared.kernel.clock import MINUTE_MS

FEWEST_DROPPED = 8  # ids; a smaller generation goes on
SEGMENT_FULL = 128  # ids; a segment with more is closed: 128 ids are about 6 KB


class Segment(msgspec.Struct, array_like=True):
    """What the head page knows of a recent page: its number and the greatest clock in it."""

    number: int
    last_ms: int


class RecentPage(msgspec.Struct, array_like=True):
    """One page of ids, each with the account's clock when it was first seen."""

    version: int
    stamp: Stamp
    ids: list[str] = []
    clocks: list[int] = []


class RecentIds:
    """The ids of one account. `window_ms` is how long an id counts as the same event."""

    __slots__ = ("_new", "_old", "_open", "_stale_ms", "_unwritten", "_unwritten_clocks", "segments", "window_ms")

    def __init__(self, window_ms: int = 60 * MINUTE_MS) -> None:
        self.window_ms = window_ms
        self._new: dict[str, int] = {}
        self._old: dict[str, int] = {}
        self._stale_ms = window_ms  # from then on all of `_old` lies before the window
        self._unwritten: list[str] = []  # these are in no page yet
        self._unwritten_clocks: list[int] = []
        self._open: RecentPage | None = None
        self.segments: list[Segment] = []

    def repeated(self, key: str, clock_ms: int) -> bool:
        """Tell whether an event was seen within the window; if not, remember it as seen now."""
        if (key in self._new or key in self._old) and self._is_recent(key, clock_ms):
            return True
        if clock_ms > self._stale_ms and len(self._new) >= FEWEST_DROPPED:
            self._old, self._new, self._stale_ms = self._new, {}, clock_ms + self.window_ms
        self._new[key] = clock_ms
        self._unwritten.append(key)
        self._unwritten_clocks.append(clock_ms)
        return False

    def unseen(self, keys: list[str]) -> int:
        """Return how many of the first keys are known from nowhere, nor from each other."""
        new, old = self._new.keys(), self._old.keys()
        if new.isdisjoint(keys) and old.isdisjoint(keys) and len(set(keys)) == len(keys):
            return len(keys)
        before = set[str]()
        for key in keys:
            if key in new or key in old or key in before:
                break
            before.add(key)
        return len(before)

    def remember(self, keys: list[str], clocks: list[int]) -> None:
        """Remember events that were not seen before, with the clock at each."""
        if clocks[-1] > self._stale_ms and len(self._new) >= FEWEST_DROPPED:
            self._old, self._new, self._stale_ms = self._new, {}, clocks[-1] + self.window_ms
        self._new.update(zip(keys, clocks, strict=True))
        self._unwritten += keys
        self._unwritten_clocks += clocks

    def _is_recent(self, key: str, clock_ms: int) -> bool:
        """Tell whether a known id is still within the window; if not, it is forgotten, so that it will stand last."""
        first = self._new.get(key)
        if first is None:
            return clock_ms - self._old[key] <= self.window_ms
        if clock_ms - first <= self.window_ms:
            return True
        del self._new[key]
        return False

    def load(self, segments: tuple[Segment, ...], pages: list[RecentPage]) -> None:
        """Take in the stored segments, oldest first."""
        self.segments = list(segments)
        for page in pages:
            self._new.update(zip(page.ids, page.clocks, strict=True))
        if pages:
            self._stale_ms = min(self._new.values(), default=0) + self.window_ms
            if len(pages[-1].ids) < SEGMENT_FULL:
                self._open = pages[-1]

    def write(self, stamp: Stamp, clock_ms: int) -> list[tuple[int, RecentPage | None]]:
        """Return the numbered pages to write for what is new, and None for those that have expired."""
        writes: list[tuple[int, RecentPage | None]] = []
        while self.segments and clock_ms - self.segments[0].last_ms > self.window_ms:
            expired = self.segments.pop(0)
            if not self.segments:
                self._open = None
            writes.append((expired.number, None))
        if self._unwritten:
            writes.append(self._append(stamp, writes[-1][0] if writes else 0))
        return writes

    def _append(self, stamp: Stamp, expired: int) -> tuple[int, RecentPage]:
        page, last_ms = self._open, self._unwritten_clocks[-1]
        if page is None or not self.segments:
            page = RecentPage(SCHEMA_VERSION, stamp)
            number = max(self.segments[-1].number if self.segments else 0, expired) + 1
            self.segments.append(Segment(number, last_ms))
        page.ids += self._unwritten
        page.clocks += self._unwritten_clocks
        self._unwritten.clear()
        self._unwritten_clocks.clear()
        page.stamp = stamp
        self.segments[-1].last_ms = last_ms
        self._open = page if len(page.ids) < SEGMENT_FULL else None
        return self.segments[-1].number, page
