"""What waits for the broker: requests' tickets, keyed values, and the lane of each partition."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from services.ingest.core.intake import Line

__all__ = ["Deadlines", "Lane", "Lines", "Load", "Parcel", "Ticket"]

LOOK_SECONDS = 0.1
MANY_LINES = 4
_ENCODER = msgspec.json.Encoder()


class Parcel(msgspec.Struct, gc=False):
    """One value for a lane. Shape: parcels without a key are whole lines, and are joined into one record."""

    topic: str
    partition: int
    value: bytes | None
    key: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.value or b"") + len(self.key or b"")


class Lines(msgspec.Struct, gc=False):
    """A request's lines by partition. Units: `size` is what they hold of the memory, in bytes."""

    topic: str
    groups: dict[int, list[Line]]
    size: int


class Ticket:
    """What one request waits for; `error` is None once `open` is 0 and all of it is acknowledged, else the first error.

    Shape: `open` counts what is not acknowledged yet; `size` are its bytes in the budget.
    """

    __slots__ = ("_hear", "error", "open", "size")

    def __init__(self) -> None:
        self.open = 0
        self.size = 0
        self.error: BaseException | None = None
        self._hear: Callable[[], None] | None = None

    @property
    def good(self) -> bool:
        """Whether all was acknowledged."""
        return not self.open and self.error is None

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._hear is None

    def when_settled(self, hear: Callable[[], None]) -> None:
        """Have something called once, when all acks are there or the time is over."""
        self._hear = hear
        if not self.open:
            self.tell()

    def tell(self) -> None:
        """Tell who waits, if they have not been told."""
        hear, self._hear = self._hear, None
        if hear is not None:
            hear()

    async def acknowledged(self, seconds: float) -> bool:
        """Wait for all acks. Shape: false when one failed or the time is over; what is under way may still arrive."""
        if self.open:
            loop = asyncio.get_running_loop()
            waiter: asyncio.Future[None] = loop.create_future()
            self.when_settled(partial(_resolve, waiter))
            timer = loop.call_later(seconds, self.tell)
            try:
                await waiter
            finally:
                timer.cancel()
        return self.good


def _resolve(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


class Deadlines:
    """The tickets that must be settled within a time, looked after by one timer. Units: seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watched: deque[tuple[float, Ticket]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, ticket: Ticket, since: float) -> None:
        """See to it that whoever waits for a ticket is told when its time is over. Shape: `since` by `perf_counter`."""
        self._watched.append((since + self._seconds, ticket))
        if self._timer is None:
            self._look_later()

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        now, watched = time.perf_counter(), self._watched
        while watched and (watched[0][1].over or watched[0][0] <= now):
            watched.popleft()[1].tell()
        self._timer = None
        if watched:
            self._look_later()


class Load(msgspec.Struct, gc=False):
    """One value that waits for a lane, with those who wait for it."""

    value: bytes | None
    key: bytes | None
    tickets: list[Ticket]

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.value or b"") + len(self.key or b"")


class Lane:
    """One partition of a topic: what waits for it, and whether a record is under way.

    Shape: `lines` of `tickets` came since the last packing; `waiting` is ready to be sent; `due` lanes are looked at at
    the next kick.
    """

    __slots__ = ("busy", "due", "lines", "partition", "tickets", "topic", "waiting")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.busy = False
        self.due = False
        self.lines: list[Line] = []
        self.tickets: list[Ticket] = []
        self.waiting: deque[Load] = deque()

    def take(self, lines: list[Line], ticket: Ticket, limit: int) -> None:
        """Take a request's lines: many are packed while the processor still has them at hand, a few with others."""
        if len(lines) >= MANY_LINES:
            self.pack(limit)  # what came before goes before
            self._pack(lines, [ticket], limit)
        else:
            self.lines += lines
            self.tickets.append(ticket)

    def pack(self, limit: int) -> None:
        """Make one value of the lines that wait."""
        lines, tickets = self.lines, self.tickets
        if lines:
            self.lines, self.tickets = [], []
            self._pack(lines, tickets, limit)

    def _pack(self, lines: list[Line], tickets: list[Ticket], limit: int) -> None:
        value = _ENCODER.encode_lines(lines)
        if len(value) <= limit:
            self.waiting.append(Load(value, None, tickets))
            return
        parts = in_parts(value, limit)
        for ticket in tickets:
            ticket.open += len(parts) - 1
        self.waiting.extend(Load(part, None, tickets) for part in parts)

    def load(self, batch: Any, limit: int) -> list[Load]:
        """Fill a batch of the producer with what fits, and return that."""
        waiting = self.waiting
        packed = [waiting.popleft()]
        if not waiting and packed[0].key is None:
            batch.append(timestamp=None, key=None, value=packed[0].value)
            return packed
        size = packed[0].size
        while waiting and size + waiting[0].size <= limit:
            size += waiting[0].size
            packed.append(waiting.popleft())
        if packed[0].key is None:
            batch.append(timestamp=None, key=None, value=b"".join([load.value or b"" for load in packed]))
            return packed
        for position, load in enumerate(packed):
            if batch.append(timestamp=None, key=load.key, value=load.value) is None:
                waiting.extendleft(reversed(packed[position:]))
                del packed[position:]
                break
        return packed


def in_parts(value: bytes, limit: int) -> list[bytes]:
    """Cut lines into parts of at most `limit` bytes; every line is shorter than that."""
    parts: list[bytes] = []
    start = 0
    while len(value) - start > limit:
        end = value.rindex(b"\n", start, start + limit) + 1
        parts.append(value[start:end])
        start = end
    parts.append(value[start:])
    return parts
