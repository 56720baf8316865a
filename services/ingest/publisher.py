"""Events to the broker: packed over a few milliseconds, one record under way per partition, every ack known.

A *lane* is one partition of one topic. While a record of a lane is under way, what arrives for it waits, so packs grow
by themselves when the broker is slow. Source: design (the way of an event, durability 1).
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from services.ingest.core.quota import ByteBudget
from services.ingest.metrics import Metrics
from shared.io.logs import get_logger

__all__ = ["Parcel", "Publisher", "Ticket"]

log = get_logger(__name__)


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


class Ticket:
    """One request's parcels; `outcome` is None once all are acknowledged, else the first error."""

    __slots__ = ("_loop", "_release", "_waiter", "error", "open")

    def __init__(self, parcels: int, release: Callable[[], None]) -> None:
        self.open = parcels
        self.error: BaseException | None = None
        self._release = release
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] = self._loop.create_future()
        if not parcels:
            self._waiter.set_result(None)

    def settle(self, parcels: int, error: BaseException | None) -> None:
        """Take in that parcels were acknowledged or failed."""
        self.open -= parcels
        self.error = self.error or error
        if not self.open:
            self._release()
            self._expire()

    async def acknowledged(self, seconds: float) -> bool:
        """Wait for all acks. Shape: false when one failed or the time is over; what is under way may still arrive."""
        if self.open:
            timer = self._loop.call_later(seconds, self._expire)
            try:
                await self._waiter
            finally:
                timer.cancel()
        return not self.open and self.error is None

    def _expire(self) -> None:
        if not self._waiter.done():
            self._waiter.set_result(None)


class Lane:
    """One partition of a topic: what waits for it, and whether a record is under way."""

    __slots__ = ("busy", "partition", "topic", "waiting")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.busy = False
        self.waiting: deque[tuple[Parcel, Ticket]] = deque()


class Publisher:
    """Packs and sends. Shape: `on_failure` is called once when the producer can no longer be used."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        budget: ByteBudget,
        metrics: Metrics,
        *,
        linger_seconds: float,
        pack_max_bytes: int,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._producer = producer
        self._budget = budget
        self._metrics = metrics
        self._linger_seconds = linger_seconds
        self._pack_max_bytes = pack_max_bytes
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._ready: list[Lane] = []
        self._kick_due = False
        self._shipping: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._open = 0

    def submit(self, parcels: list[Parcel]) -> Ticket:
        """Take a request's parcels to be sent together with those of others. Their bytes count until they are acked."""
        size = sum(parcel.size for parcel in parcels)
        ticket = Ticket(len(parcels), partial(self._budget.give, size))
        if parcels:
            self._budget.force(size)
        for parcel in parcels:
            self._put(parcel, ticket)
        self._open += len(parcels)
        return ticket

    async def drain(self, seconds: float) -> bool:
        """Send what waits and wait for the acks. Shape: false when the time was not enough."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._open:
                    self._idle.clear()
                    await self._idle.wait()
        return not self._open

    def _put(self, parcel: Parcel, ticket: Ticket) -> None:
        place = (parcel.topic, parcel.partition)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = Lane(*place)
        if not lane.waiting and not lane.busy:
            self._ready.append(lane)
            self._kick_in(self._linger_seconds)
        lane.waiting.append((parcel, ticket))

    def _kick_in(self, seconds: float) -> None:
        if not self._kick_due:
            self._kick_due = True
            self._loop.call_later(seconds, self._kick)

    def _kick(self) -> None:
        self._kick_due = False
        lanes, self._ready = self._ready, []
        for lane in lanes:
            lane.busy = True
        task = self._loop.create_task(self._ship(lanes))
        self._shipping.add(task)
        task.add_done_callback(self._shipping.discard)

    async def _ship(self, lanes: Iterable[Lane]) -> None:
        for lane in lanes:
            batch = self._producer.create_batch()
            packed = self._load(lane, batch)
            settle = partial(self._settle, lane, packed, time.perf_counter())
            try:
                ack = await self._producer.send_batch(batch, lane.topic, partition=lane.partition)
            except Exception as error:  # noqa: BLE001 - fate: exit, because an idempotent producer that raises is at its end
                settle(None, error)
            else:
                ack.add_done_callback(settle)

    def _load(self, lane: Lane, batch: Any) -> list[tuple[Parcel, Ticket]]:
        waiting = lane.waiting
        packed = [waiting.popleft()]
        size = packed[0][0].size
        while waiting and size + waiting[0][0].size <= self._pack_max_bytes:
            size += waiting[0][0].size
            packed.append(waiting.popleft())
        if packed[0][0].key is None:
            batch.append(timestamp=None, key=None, value=b"".join([parcel.value or b"" for parcel, _ in packed]))
            self._metrics.pack_bytes.observe(size)
        else:
            for position, (parcel, _) in enumerate(packed):
                if batch.append(timestamp=None, key=parcel.key, value=parcel.value) is None:
                    waiting.extendleft(reversed(packed[position:]))
                    del packed[position:]
                    break
        batch.close()
        return packed

    def _settle(
        self,
        lane: Lane,
        packed: list[tuple[Parcel, Ticket]],
        started: float,
        ack: "asyncio.Future[Any] | None",
        error: BaseException | None = None,
    ) -> None:
        if ack is not None:
            error = ack.exception()
        lane.busy = False
        self._metrics.ack_seconds.observe(time.perf_counter() - started)
        for _, ticket in packed:
            ticket.settle(1, error)
        self._open -= len(packed)
        if error is not None:
            self._metrics.records_failed.inc()
            self._on_failure(error)
        if lane.waiting:
            self._ready.append(lane)
            self._kick_in(0)
        if not self._open:
            self._idle.set()
