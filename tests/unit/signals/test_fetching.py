"""Record batches handed out whole hold what aiokafka gives record by record."""

import asyncio
from collections import OrderedDict
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from services.signals.fetching import Fetched, Part, hand_out_parts

EVENTS, PAGES = TopicPartition("events", 0), TopicPartition("pages", 0)
CONTROL, GZIP = 0x20, 0x01
ATTRIBUTES, CRC, HEADER = 21, 17, 61
TIME_MS = 1_800_000_000_000
VALUES = st.none() | st.binary(max_size=40)


class Batch(NamedTuple):
    """A record batch to be. Shape: `gap` is how many offsets are missing before it, `abort` makes it a marker."""

    values: list[bytes | None]
    gap: int = 0
    producer: int = -1
    compressed: bool = False
    abort: bool = False


GAPS, PRODUCERS = st.integers(0, 3), st.sampled_from([1, 2])
PLAIN = st.tuples(
    st.lists(VALUES, min_size=1, max_size=5), GAPS, st.just(-1) | PRODUCERS, st.booleans(), st.just(False)
)
MARKERS = st.tuples(st.just([]), GAPS, PRODUCERS, st.just(False), st.just(True))
BATCHES = st.lists((PLAIN | MARKERS).map(lambda fields: Batch(*fields)), max_size=8)


def written(batches: list[Batch]) -> bytes:
    """Return the bytes of record batches as a broker gives them."""
    offset, found = 0, b""
    for batch in batches:
        offset += batch.gap
        codec = GZIP if batch.compressed else 0
        builder = DefaultRecordBatchBuilder(2, codec, int(batch.producer >= 0), batch.producer, 0, 0, 1 << 20)
        if batch.abort:
            builder.append(0, TIME_MS, b"\0\0\0\0", b"\0\0\0\0\0\0", [])
        for number, value in enumerate(batch.values):
            builder.append(number, TIME_MS + number, b"k", value, [("h", b"x")])
        found += placed(builder.build(), offset, CONTROL if batch.abort else 0)
        offset += max(1, len(batch.values))
    return found


def placed(batch: bytearray, offset: int, more_attributes: int) -> bytes:
    """Give a built batch its offset and more attributes; its checksum is made anew."""
    batch[:8] = offset.to_bytes(8, "big")
    batch[ATTRIBUTES + 1] |= more_attributes
    batch[CRC : CRC + 4] = calc_crc32c(bytes(batch[ATTRIBUTES:])).to_bytes(4, "big")
    return bytes(batch)


def unpacked(data: bytes, position: int, aborted: list[tuple[int, int]]) -> PartitionRecords:
    """Return what aiokafka's fetcher keeps of fetched bytes."""
    return PartitionRecords(EVENTS, MemoryRecords(data), aborted, position, None, None, True, READ_COMMITTED)


class Assignment:
    """An assignment that holds both partitions at a position."""

    active = True

    def __init__(self, position: int) -> None:
        self.paused, self.position = False, position

    def state_value(self, _tp: TopicPartition) -> "Assignment":
        """Return the state of a partition."""
        return self

    def consumed_to(self, position: int) -> None:
        """Move."""
        self.position = position


class Fetcher:
    """As much of aiokafka's fetcher as is needed: an answer puts what was fetched where the reader finds it."""

    def __init__(self, data: bytes, position: int, aborted: list[tuple[int, int]]) -> None:
        self._records: OrderedDict[TopicPartition, Any] = OrderedDict()
        self.assignment = Assignment(position)
        self.answered: tuple[TopicPartition, ...] = (EVENTS, PAGES)
        self._answer = lambda: unpacked(data, position, aborted)

    async def _proc_fetch_request(self, *_request: Any) -> bool:
        for tp in self.answered:
            self._records[tp] = FetchResult(
                tp, assignment=self.assignment, partition_records=self._answer(), backoff=0.0
            )
        return True


def fetched(data: bytes, position: int = 0, aborted: Any = ()) -> tuple[list[Part], int, list[Any]]:
    """Return the parts of the events, the position after them, and the pages of the same bytes."""
    fetcher: Any = Fetcher(data, position, list(aborted))
    hand_out_parts(fetcher, EVENTS.topic)
    assert asyncio.run(fetcher._proc_fetch_request("assignment", 1, "request"))
    parts = fetcher._records[EVENTS].getall()
    reached = fetcher.assignment.position
    fetcher.assignment.position = position
    return parts, reached, fetcher._records[PAGES].getall()


@given(BATCHES, st.integers(0, 12), st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(0, 12)), max_size=3))
def test_parts_hold_what_records_would(batches: list[Batch], position: int, aborted: list[tuple[int, int]]) -> None:
    """Also where transactions were aborted, offsets are missing, or reading begins within a batch."""
    data = written(batches)
    if batches:  # a broker's answer begins with the batch that holds the position
        position = min(position, batches[0].gap + max(1, len(batches[0].values)) - 1)
    as_known = unpacked(data, position, aborted)
    records = [(record.offset, record.value or b"") for record in as_known]
    parts, reached, pages = fetched(data, position, aborted)
    found = Fetched(parts)
    assert [(found.offset(place), found.values[place]) for place in range(found.place(position), len(found))] == records
    assert reached == as_known.next_fetch_offset
    assert [(page.offset, page.value or b"") for page in pages] == records
    if records:
        assert found.last == records[-1][0]
        assert found.size(found.place(position)) == sum(len(value) for _, value in records)
        assert found.timestamp_ms >= TIME_MS


def test_a_broken_batch_is_told_and_read_again() -> None:
    """What comes behind it is not handed out, however often it is asked for."""
    data = bytearray(written([Batch([b"a"]), Batch([b"b"])]))
    data[HEADER + 3] ^= 1
    fetcher: Any = Fetcher(bytes(data), 0, [])
    hand_out_parts(fetcher, EVENTS.topic)
    asyncio.run(fetcher._proc_fetch_request())
    with pytest.raises(CorruptRecordException):
        fetcher._records[EVENTS].getall()
    assert fetcher._records[EVENTS].getall() == []
    assert fetcher.assignment.position == 0


def test_old_formats_are_read() -> None:
    """Batches from before Kafka 0.11 have no producer and no latest time."""
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 20)
    for number in range(3):
        builder.append(number, TIME_MS, None, b"v%d" % number)
    parts, reached, _ = fetched(bytes(builder.build()))
    assert (Fetched(parts).values, Fetched(parts).timestamp_ms) == ([b"v0", b"v1", b"v2"], TIME_MS)
    assert reached == 3


def test_what_waits_when_another_answer_comes_is_made_whole_once() -> None:
    """An answer for one partition comes while another's records still wait, or have just been taken."""
    fetcher: Any = Fetcher(written([Batch([b"a"])]), 0, [])
    hand_out_parts(fetcher, EVENTS.topic)
    asyncio.run(fetcher._proc_fetch_request())
    fetcher.answered = (PAGES,)
    asyncio.run(fetcher._proc_fetch_request())
    assert fetcher._records[EVENTS].getall() == [Part(0, [b"a"], TIME_MS)]
    asyncio.run(fetcher._proc_fetch_request())
    assert not fetcher._records[EVENTS].has_more()


def test_offsets_that_do_not_rise_are_left_out() -> None:
    """As aiokafka leaves them out when it reads record by record; a gap ends a part."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for offset in (3, 3, 5, 4, 6):
        builder.append(offset, TIME_MS, None, b"%d" % offset, [])
    parts, reached, _ = fetched(bytes(builder.build()))
    assert parts == [Part(3, [b"3"], TIME_MS), Part(5, [b"5", b"6"], TIME_MS)]
    assert reached == 7


def test_a_batch_is_asked_by_place_and_by_offset() -> None:
    """Offsets are missing at the front of it and within; a part that repeats records gives only what is new."""
    found = Fetched([Part(3, [b"a"], 1), Part(5, [b"c", b"d"], 2), Part(6, [b"d", b"e"], 3), Part(5, [b"c"], 4)])
    assert (found.values, found.timestamp_ms) == ([b"a", b"c", b"d", b"e"], 3)
    assert [found.offset(place) for place in range(4)] == [3, 5, 6, 7]
    assert [found.place(offset) for offset in range(2, 10)] == [0, 0, 1, 1, 2, 3, 4, 4]
    assert [found.stretch(place, 100) for place in range(3)] == [[b"a"], [b"c", b"d", b"e"], [b"d", b"e"]]
    assert (found.size(), found.size(1, 3), found.last) == (4, 2, 7)


def test_nothing_fetched_is_nothing() -> None:
    """A batch may have lost all of its records."""
    assert (len(Fetched([])), Fetched([]).size()) == (0, 0)
