"""Events to the broker: packed over a moment, one record under way per partition, every ack known.

A *lane* is one partition of one topic. While a record of a lane is under way, what arrives for it waits, so packs grow
by themselves when the broker is slow. Source: design (the way of an event, durability 1).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer

from services.ingest.core.quota import ByteBudget
from services.ingest.lanes import Lane, Lines, Load, Parcel, Ticket
from services.ingest.metrics import Metrics
from shared.io.logs import get_logger

__all__ = ["Lines", "Parcel", "Publisher", "Ticket"]

log = get_logger(__name__)


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
        self._lanes: dict[str, dict[int, Lane]] = {}
        self._due: list[Lane] = []
        self._kick_due = False
        self._kicked_at = 0.0
        self._shipping: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._open = 0

    def submit(self, parcels: Sequence[Parcel] = (), lines: Lines | None = None) -> Ticket:
        """Take a request's lines and values to be sent together with those of others.

        Their bytes count until they are acknowledged.
        """
        ticket = Ticket()
        if lines is not None and lines.groups:
            self._take_lines(lines, ticket)
        for parcel in parcels:
            self._take_parcel(parcel, ticket)
        if ticket.open:
            self._open += 1
            self._budget.force(ticket.size)
            self._kick_soon()
        return ticket

    async def drain(self, seconds: float) -> bool:
        """Send what waits and wait for the acks. Shape: false when the time was not enough."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._open:
                    self._idle.clear()
                    await self._idle.wait()
        return not self._open

    def _take_lines(self, taken: Lines, ticket: Ticket) -> None:
        ticket.open += len(taken.groups)
        ticket.size += taken.size
        lanes = self._lanes.get(taken.topic)
        if lanes is None:
            lanes = self._lanes[taken.topic] = {}
        for partition, lines in taken.groups.items():
            lane = lanes.get(partition)
            if lane is None:
                lane = lanes[partition] = Lane(taken.topic, partition)
            lane.take(lines, ticket, self._pack_max_bytes)
            if not lane.due:
                lane.due = True
                self._due.append(lane)

    def _take_parcel(self, parcel: Parcel, ticket: Ticket) -> None:
        ticket.open += 1
        ticket.size += parcel.size
        lanes = self._lanes.setdefault(parcel.topic, {})
        lane = lanes.get(parcel.partition)
        if lane is None:
            lane = lanes[parcel.partition] = Lane(parcel.topic, parcel.partition)
        lane.pack(self._pack_max_bytes)  # what came before goes before
        lane.waiting.append(Load(parcel.value, parcel.key, [ticket]))
        if not lane.due:
            lane.due = True
            self._due.append(lane)

    def _kick_soon(self) -> None:
        """Kick at once, but a linger after the last kick at the soonest: a busy service packs, an idle one is quick."""
        if not self._kick_due:
            self._kick_due = True
            wait = self._kicked_at + self._linger_seconds - self._loop.time()
            if wait > 0:
                self._loop.call_later(wait, self._kick)
            else:
                self._loop.call_soon(self._kick)

    def _kick(self) -> None:
        self._kick_due = False
        self._kicked_at = self._loop.time()
        due, self._due = self._due, []
        free: list[Lane] = []
        for lane in due:
            lane.due = False
            lane.pack(self._pack_max_bytes)
            if lane.waiting and not lane.busy:  # what was packed at once may have left with the record before
                lane.busy = True
                free.append(lane)
        if free:
            task = self._loop.create_task(self._ship(free))
            self._shipping.add(task)
            task.add_done_callback(self._shipped)

    def _shipped(self, task: "asyncio.Task[None]") -> None:
        self._shipping.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error)  # fate: exit, because nobody knows what is under way

    async def _ship(self, lanes: list[Lane]) -> None:
        for lane in lanes:
            batch = self._producer.create_batch()
            packed = lane.load(batch, self._pack_max_bytes)
            batch.close()
            if packed[0].key is None:
                self._metrics.pack_bytes.observe(sum(load.size for load in packed))
            settle = partial(self._settle, lane, packed, time.perf_counter())
            try:
                ack = await self._producer.send_batch(batch, lane.topic, partition=lane.partition)
            except Exception as error:  # noqa: BLE001 - fate: exit, because an idempotent producer that raises is at its end
                settle(None, error)
            else:
                ack.add_done_callback(settle)

    def _settle(
        self,
        lane: Lane,
        packed: list[Load],
        started: float,
        ack: "asyncio.Future[Any] | None",
        error: BaseException | None = None,
    ) -> None:
        if ack is not None:
            error = ack.exception()
        lane.busy = False
        self._metrics.ack_seconds.observe(time.perf_counter() - started)
        for load in packed:
            for ticket in load.tickets:
                ticket.open -= 1
                ticket.error = ticket.error or error
                if not ticket.open:
                    self._open -= 1
                    self._budget.give(ticket.size)
                    ticket.tell()
        if error is not None:
            self._metrics.records_failed.inc()
            self._on_failure(error)
        if lane.waiting and not lane.due:
            lane.due = True
            self._due.append(lane)
        if self._due:
            self._kick_soon()
        if not self._open:
            self._idle.set()
