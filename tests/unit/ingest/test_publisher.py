"""Packing: what waits for a partition travels together, one record at a time, and every request hears of its own."""

import asyncio
import time
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from services.ingest.core.intake import Line
from services.ingest.core.quota import ByteBudget
from services.ingest.lanes import Deadlines, Lines, in_parts
from services.ingest.metrics import Metrics
from services.ingest.publisher import Parcel, Publisher

Record = tuple[bytes | None, bytes | None]


class Batch:
    """A batch of the producer below: it takes two records."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, *, timestamp: None, key: bytes | None, value: bytes | None) -> object | None:
        """Take a record, or say that the batch is full."""
        assert timestamp is None
        if len(self.records) == 2:
            return None
        self.records.append((key, value))
        return self

    def close(self) -> None:
        """Nothing more to take."""


class Producer:
    """Our part of aiokafka's producer: batches are acknowledged when the test says so."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, list[Record]]] = []
        self.acks: list[asyncio.Future[None]] = []
        self.broken: Exception | None = None

    def create_batch(self) -> Batch:
        """Return an empty batch."""
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[None]:
        """Take a batch for a partition."""
        if self.broken is not None:
            raise self.broken
        self.sent.append((topic, partition, batch.records))
        self.acks.append(asyncio.get_running_loop().create_future())
        return self.acks[-1]


class Bench:
    """A publisher with its producer, its budget and what it called fatal."""

    def __init__(self, pack_max_bytes: int = 10) -> None:
        self.producer = Producer()
        self.budget = ByteBudget(1_000)
        self.failures: list[BaseException] = []
        self.publisher = Publisher(
            self.producer,  # type: ignore[arg-type]  # our part of it
            self.budget,
            Metrics(CollectorRegistry()),
            linger_seconds=0.01,
            pack_max_bytes=pack_max_bytes,
            on_failure=self.failures.append,
        )

    def submit_lines(self, *names: str, partition: int = 0) -> Any:
        """Submit events to one partition; they are said to hold seven bytes."""
        lines = [Line("t", name, "a", 1, "web", 2, msgspec.Raw(b"{}")) for name in names]
        return self.publisher.submit(lines=Lines("events", {partition: lines}, 7))

    def submit(self, *values: bytes, partition: int = 0) -> Any:
        """Submit lines to one partition."""
        return self.publisher.submit([Parcel("events", partition, value) for value in values])


@pytest.fixture
async def bench() -> Bench:
    """A publisher inside the test's loop."""
    return Bench()


async def test_requests_that_come_within_the_linger_share_a_record(bench: Bench) -> None:
    """Each partition has its own; every request waits for its own only."""
    one, two, other = bench.submit(b"a\n"), bench.submit(b"b\n"), bench.submit(b"c\n", partition=1)
    assert bench.producer.sent == []
    await asyncio.sleep(0.05)
    assert bench.producer.sent == [("events", 0, [(None, b"a\nb\n")]), ("events", 1, [(None, b"c\n")])]
    bench.producer.acks[0].set_result(None)
    assert await one.acknowledged(1)
    assert await two.acknowledged(1)
    assert not await other.acknowledged(0.01)
    assert bench.budget.used == 2


async def test_what_comes_while_a_record_is_under_way_waits_and_travels_together(bench: Bench) -> None:
    """Never more than a record may hold; the rest goes with the next one, in order."""
    bench.submit(b"1\n")
    await asyncio.sleep(0.03)
    late = [bench.submit(b"%d---\n" % number) for number in range(2, 5)]
    await asyncio.sleep(0.03)
    assert len(bench.producer.sent) == 1
    bench.producer.acks[0].set_result(None)
    await asyncio.sleep(0.03)
    bench.producer.acks[1].set_result(None)
    await asyncio.sleep(0.03)
    sent = [records[0][1] for _, _, records in bench.producer.sent]
    assert sent == [b"1\n", b"2---\n3---\n", b"4---\n"]
    assert await late[1].acknowledged(1)
    assert not await late[2].acknowledged(0.01)


async def test_keyed_parcels_are_records_of_their_own_and_none_is_lost_when_a_batch_is_full(bench: Bench) -> None:
    """A tombstone has no value. The batch of this producer takes two records."""
    parcels = [Parcel("identities", 0, None if n == 2 else b"v", key=b"%d" % n) for n in range(3)]
    ticket = bench.publisher.submit(parcels)
    await asyncio.sleep(0.03)
    bench.producer.acks[0].set_result(None)
    await asyncio.sleep(0.03)
    bench.producer.acks[1].set_result(None)
    assert await ticket.acknowledged(1)
    assert [records for _, _, records in bench.producer.sent] == [[(b"0", b"v"), (b"1", b"v")], [(b"2", None)]]
    assert bench.budget.used == 0


async def test_a_producer_at_its_end_fails_the_request_and_is_reported(bench: Bench) -> None:
    """Whether it raises at once or when the ack was due."""
    first = bench.submit(b"a\n")
    await asyncio.sleep(0.03)
    bench.producer.acks[0].set_exception(RuntimeError("fenced"))
    assert not await first.acknowledged(1)
    bench.producer.broken = RuntimeError("closed")
    assert not await bench.submit(b"b\n").acknowledged(1)
    assert [str(failure) for failure in bench.failures] == ["fenced", "closed"]
    assert bench.budget.used == 0


async def test_nothing_to_send_is_acknowledged_at_once(bench: Bench) -> None:
    """An alias call makes no event."""
    assert await bench.publisher.submit([]).acknowledged(0)
    assert await bench.publisher.drain(0)


async def test_draining_waits_for_the_acks_and_not_for_ever(bench: Bench) -> None:
    """At a stop, what waits still goes out."""
    bench.submit(b"a\n")
    assert not await bench.publisher.drain(0.05)
    asyncio.get_running_loop().call_later(0.05, bench.producer.acks[0].set_result, None)
    assert await bench.publisher.drain(1)


async def test_lines_of_several_requests_are_packed_when_they_leave() -> None:
    """A record holds one line and a bit here, so the lines go in three; all are waited for, in order."""
    bench = Bench(pack_max_bytes=120)
    one, two = bench.submit_lines("1", "2"), bench.submit_lines("3")
    values = bench.submit(b"4\n")
    assert bench.budget.used == 7 + 7 + 2
    for number in range(3):
        await asyncio.sleep(0.03)
        assert not one.good
        bench.producer.acks[number].set_result(None)
    sent = [line for _, _, records in bench.producer.sent for line in (records[0][1] or b"").splitlines()]
    assert [msgspec.json.decode(line)["id"] for line in sent[:3]] == ["1", "2", "3"]
    assert sent[3] == b"4"
    assert all([await ticket.acknowledged(0.1) for ticket in (one, two, values)])
    assert bench.budget.used == 0


async def test_many_lines_at_once_keep_their_place_among_a_few() -> None:
    """They are packed at once, behind what came before and ahead of what comes after."""
    bench = Bench(pack_max_bytes=10_000)
    names = [["a", "b"], list("cdefgh"), ["i"]]
    tickets = [bench.submit_lines(*each) for each in names]
    await asyncio.sleep(0.03)
    (value,) = [records[0][1] or b"" for _, _, records in bench.producer.sent]
    assert [msgspec.json.decode(line)["id"] for line in value.splitlines()] == list("abcdefghi")
    bench.producer.acks[0].set_result(None)
    assert all([await ticket.acknowledged(0.1) for ticket in tickets])


async def test_lines_packed_between_a_kick_and_its_record_leave_with_it_and_the_lane_goes_on() -> None:
    """A lane that is due and has nothing left is passed over."""
    bench = Bench(pack_max_bytes=10_000)
    tickets = [bench.submit(b"a\n")]
    asyncio.get_running_loop().call_soon(lambda: tickets.append(bench.submit_lines(*"bcdefg")))  # kick, this, ship
    while not bench.producer.acks:
        await asyncio.sleep(0)
    bench.producer.acks[0].set_result(None)  # before the linger is over
    assert [(records[0][1] or b"").count(b"\n") for _, _, records in bench.producer.sent] == [7]
    await asyncio.sleep(0.05)
    tickets.append(bench.submit(b"h\n"))
    await asyncio.sleep(0.05)
    assert len(bench.producer.sent) == 2
    bench.producer.acks[1].set_result(None)
    assert all([await ticket.acknowledged(0.1) for ticket in tickets])
    assert bench.failures == []


async def test_who_waits_is_told_once_when_settled_or_when_the_time_is_over(bench: Bench) -> None:
    """One timer looks after all; what is acknowledged later tells nobody any more."""
    deadlines, told = Deadlines(60), list[str]()
    one, two, three, none = *(bench.submit(b"a\n", partition=number) for number in range(3)), bench.submit()
    for name, ticket in (("one", one), ("two", two), ("three", three), ("none", none)):
        ticket.when_settled(lambda name=name: told.append(name))
    begun = time.perf_counter()
    deadlines.watch(two, begun)
    deadlines.watch(none, begun)
    assert told == ["none"]
    async with asyncio.timeout(10):
        while len(bench.producer.acks) < 3:
            await asyncio.sleep(0)
        bench.producer.acks[1].set_result(None)
        while len(told) < 2:
            await asyncio.sleep(0)
        deadlines.watch(one, begun - 60)
        deadlines.watch(three, begun)
        while len(told) < 3:
            await asyncio.sleep(0.01)
    assert told == ["none", "two", "one"]
    assert (one.good, two.good) == (False, True)
    bench.producer.acks[0].set_result(None)
    while not one.good:
        await asyncio.sleep(0)
    assert told == ["none", "two", "one"]


def test_lines_beyond_a_record_are_cut_at_line_ends() -> None:
    """Nothing is lost or torn."""
    lines = [b"x" * size + b"\n" for size in (3, 4, 4, 9, 1, 1)]
    parts = in_parts(b"".join(lines), 10)
    assert parts == [b"xxx\nxxxx\n", b"xxxx\n", b"x" * 9 + b"\n", b"x\nx\n"]
