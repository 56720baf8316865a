"""Which events an account has seen within the last hour of its own clock (definition 8).

Ids are kept whole, in two generations, so that a check is two look-ups and forgetting is dropping a generation; each id
keeps the clock at its first, so the hour is exact, however late a generation is dropped: the few ids of an account that
does little stay, for dropping them would cost more than they weigh. In the store they lie in *segments*: small pages
that are appended to and, once full, never written again, so a flush costs bytes in proportion to what is new.
Memory: at most two hours of ids, about 200 bytes each; 1,000 events/s on one account hold 1.4 GB at worst. What the
segment that is appended to holds already is kept as its bytes.
"""

from typing import Any

import msgspec
from mypy_extensions import mypyc_attr

from services.signals.core import sharing
from services.signals.core.pages import SCHEMA_VERSION, Stamp
from services.signals.core.recent_state import RecentPage, Segment
from shared.kernel.clock import MINUTE_MS

FEWEST_DROPPED = 8  # ids; a smaller generation goes on
NONE: dict[str, int] = {}
ZERO = "\0"
SEGMENT_FULL = 128  # ids; a segment with more is closed: 128 ids are about 6 KB
FIX, SHORT = 16, 1 << 16  # an array of fewer begins with one byte in msgpack, one of fewer with three, others with five

_ENCODER = msgspec.msgpack.Encoder()


@mypyc_attr(acyclic=True)
class Tail:
    """The segment that is appended to. Shape: `ids` and `clocks` are encoded, one after the other."""

    __slots__ = ("clocks", "ids", "number", "runs")

    def __init__(self) -> None:
        self.number: int = 0
        self.ids: bytes = b""
        self.clocks: bytes = b""
        self.runs: list[tuple[str, int]] = []

    def append(self, ids: list[str], clocks: list[int], runs: list[tuple[str, int]]) -> None:
        """Append ids, each with its clock; `runs` tell from which of them on they are of a source."""
        for source, begin in runs:
            if not self.runs or self.runs[-1][0] != source:
                self.runs.append((sharing.word(source), self.number + begin))
        skipped = len(_array(len(ids)))
        self.ids += _ENCODER.encode(ids)[skipped:]
        self.clocks += _ENCODER.encode(clocks)[skipped:]
        self.number += len(ids)

    def page(self, stamp: Stamp) -> RecentPage:
        """Return the page to write."""
        begin = _array(self.number)
        ids: Any = msgspec.Raw(begin + self.ids)  # written as it is
        clocks: Any = msgspec.Raw(begin + self.clocks)
        return RecentPage(SCHEMA_VERSION, stamp, ids, clocks, self.runs)


def _array(length: int) -> bytes:
    """Return the bytes with which an array begins in msgpack."""
    if length < FIX:
        return bytes([0x90 | length])
    return b"\xdc" + length.to_bytes(2, "big") if length < SHORT else b"\xdd" + length.to_bytes(4, "big")


@mypyc_attr(acyclic=True)
class RecentIds:
    """The ids of one account. `window_ms` is how long an id counts as the same event."""

    __slots__ = (
        "_clock",
        "_new",
        "_number",
        "_old",
        "_open",
        "_runs",
        "_stale_ms",
        "_unwritten",
        "_unwritten_clocks",
        "segments",
        "window_ms",
    )

    def __init__(self, window_ms: int = 60 * MINUTE_MS) -> None:
        self.window_ms = window_ms
        self._new: dict[str, dict[str, int]] = {}
        self._old: dict[str, dict[str, int]] = {}
        self._number = 0  # of ids in `_new`
        self._stale_ms = window_ms  # from then on all of `_old` lies before the window
        self._unwritten: list[str] = []  # these are in no page yet
        self._unwritten_clocks: list[int] = []
        self._runs: list[tuple[str, int]] = []  # from which of the unwritten on they are of a source
        self._open: Tail | None = None
        self._clock: Any = -1  # the latest, one object for all ids with it
        self.segments: list[Segment] = []

    def repeated(self, source: str, event_id: str, clock_ms: int) -> bool:
        """Tell whether an event was seen within the window; if not, remember it as seen now."""
        if ZERO in source:
            source, event_id = _split(f"{source}\0{event_id}")
        new, old = self._new.get(source), self._old.get(source)
        if new is not None and event_id in new:
            if clock_ms - new[event_id] <= self.window_ms:
                return True
            del new[event_id]  # so that it will stand last
            self._number -= 1
        elif old is not None and event_id in old and clock_ms - old[event_id] <= self.window_ms:
            return True
        known, _ = self.open(source, clock_ms)
        clock: Any = clock_ms
        if clock == self._clock:
            clock = self._clock
        else:
            self._clock = clock
        known[event_id] = clock
        self.note(source, [event_id], [clock])
        return False

    @property
    def held(self) -> int:
        """The number of ids in memory."""
        return self._number + sum(map(len, self._old.values()))

    def knows(self, source: str, event_id: str) -> bool:
        """Tell whether an event may have been seen within the window; of a source with a zero it always may."""
        return ZERO in source or event_id in self._new.get(source, NONE) or event_id in self._old.get(source, NONE)

    def open(self, source: str, clock_ms: int) -> tuple[dict[str, int], dict[str, int]]:
        """Return the ids known of a source: those to put new ones to, each with the clock at it, and older ones.

        The source has no zero; what is put there is to be told of by `note`.
        """
        self._turn(clock_ms)
        known = self._new.get(source)
        if known is None:
            known = self._new[sharing.word(source)] = {}
        return known, self._old.get(source, NONE)

    def note(self, source: str, ids: list[str], clocks: list[int]) -> None:
        """Note the events of a source that have been put to the known ones, with the clock at each."""
        self._number += len(ids)
        if not self._runs or self._runs[-1][0] != source:
            self._runs.append((source, len(self._unwritten)))
        self._unwritten += ids
        self._unwritten_clocks += clocks

    def _turn(self, clock_ms: int) -> None:
        """Drop the older generation when all of it lies before the window."""
        if clock_ms > self._stale_ms and self._number >= FEWEST_DROPPED:
            self._old, self._new, self._stale_ms = self._new, {}, clock_ms + self.window_ms
            self._number = 0

    def load(self, segments: tuple[Segment, ...], pages: list[RecentPage]) -> None:
        """Take in the stored segments, oldest first."""
        self.segments = list(segments)
        for page in pages:
            _run(page)
            ends = [begin for _, begin in page.runs[1:]]
            for (source, begin), end in zip(page.runs, [*ends, len(page.ids)], strict=True):
                known = self._new.setdefault(sharing.word(source), {})
                known.update(zip(page.ids[begin:end], page.clocks[begin:end], strict=True))
        if pages:
            self._number = sum(map(len, self._new.values()))
            earliest = min((clock for page in pages for clock in page.clocks), default=0)
            self._stale_ms = earliest + self.window_ms
            if len(pages[-1].ids) < SEGMENT_FULL:
                self._open = Tail()
                self._open.append(pages[-1].ids, pages[-1].clocks, pages[-1].runs)

    def expire(self, clock_ms: int) -> None:
        """Let go of the ids that lie before the window of the account's clock, once they have been loaded."""
        first = clock_ms - self.window_ms
        for source, known in self._new.items():
            self._new[source] = {event_id: at_ms for event_id, at_ms in known.items() if at_ms >= first}
        self._number = sum(map(len, self._new.values()))

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
        tail, last_ms = self._open, self._unwritten_clocks[-1]
        if tail is None or not self.segments:
            tail = Tail()
            number = max(self.segments[-1].number if self.segments else 0, expired) + 1
            self.segments.append(Segment(number, last_ms))
        tail.append(self._unwritten, self._unwritten_clocks, self._runs)
        self._unwritten.clear()
        self._unwritten_clocks.clear()
        self._runs.clear()
        self.segments[-1].last_ms = last_ms
        self._open = tail if tail.number < SEGMENT_FULL else None
        return self.segments[-1].number, tail.page(stamp)


def _run(page: RecentPage) -> None:
    """Let a page of version 1 hold its ids as later ones do."""
    if page.ids and not page.runs:
        for place, key in enumerate(page.ids):
            source, page.ids[place] = _split(key)
            if not page.runs or page.runs[-1][0] != source:
                page.runs.append((source, place))


def _split(key: str) -> tuple[str, str]:
    """Return the source and the id of a key; of one with several zeros the source ends at the first."""
    source, _, event_id = key.partition("\0")
    return source, event_id
