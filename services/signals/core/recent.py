"""Which events an account has seen within the last hour of its own clock (definition 8).

Ids are kept whole, in two generations, so that a check is two look-ups and forgetting is dropping a generation; each id
keeps the clock at its first, so the hour is exact, however late a generation is dropped: the few ids of an account that
does little stay, for dropping them would cost more than they weigh. In the store they lie in *segments*: small pages that are appended
to and, once full, never written again, so a flush costs bytes in proportion to what is new.
Memory: at most two hours of ids, about 200 bytes each; 1,000 events/s on one account hold 1.4 GB at worst.
"""

from itertools import islice

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

    __slots__ = ("_new", "_old", "_open", "_overtaken", "_rotated_ms", "_unwritten", "segments", "window_ms")

    def __init__(self, window_ms: int = 60 * MINUTE_MS) -> None:
        self.window_ms = window_ms
        self._new: dict[str, int] = {}
        self._old: dict[str, int] = {}
        self._rotated_ms = 0
        self._unwritten = 0  # so many of the last of `_new` are in no page yet
        self._overtaken: list[tuple[str, int]] = []  # likewise, of `_old`
        self._open: RecentPage | None = None
        self.segments: list[Segment] = []

    def repeated(self, key: str, clock_ms: int) -> bool:
        """Tell whether an event was seen within the window; if not, remember it as seen now."""
        new = self._new
        first = new.get(key)
        if first is None and self._old:
            first = self._old.get(key)
        if first is not None and clock_ms - first <= self.window_ms:
            return True
        if len(new) >= FEWEST_DROPPED and clock_ms - self._rotated_ms > self.window_ms:
            self._overtaken += self._take_unwritten()
            self._old, self._rotated_ms = new, clock_ms
            new = self._new = {}
        elif first is not None:
            new.pop(key, None)  # it is seen anew, and stands last again
        new[key] = clock_ms
        self._unwritten += 1
        return False

    def _take_unwritten(self) -> list[tuple[str, int]]:
        last = list(islice(reversed(self._new.items()), self._unwritten))
        self._unwritten = 0
        return last[::-1]

    def load(self, segments: tuple[Segment, ...], pages: list[RecentPage]) -> None:
        """Take in the stored segments, oldest first."""
        self.segments = list(segments)
        for page in pages:
            self._new.update(zip(page.ids, page.clocks, strict=True))
        if pages:
            self._rotated_ms = min(self._new.values(), default=0)
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
        if self._unwritten or self._overtaken:
            fresh, self._overtaken = self._overtaken + self._take_unwritten(), []
            writes.append(self._append(fresh, stamp, writes[-1][0] if writes else 0))
        return writes

    def _append(self, fresh: list[tuple[str, int]], stamp: Stamp, expired: int) -> tuple[int, RecentPage]:
        page, last_ms = self._open, fresh[-1][1]
        if page is None or not self.segments:
            page = RecentPage(SCHEMA_VERSION, stamp)
            number = max(self.segments[-1].number if self.segments else 0, expired) + 1
            self.segments.append(Segment(number, last_ms))
        page.ids += [key for key, _ in fresh]
        page.clocks += [clock_ms for _, clock_ms in fresh]
        page.stamp = stamp
        self.segments[-1].last_ms = last_ms
        self._open = page if len(page.ids) < SEGMENT_FULL else None
        return self.segments[-1].number, page
