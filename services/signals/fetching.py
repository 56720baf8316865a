"""Fetched records by the batch: what aiokafka unpacks record by record is handed out a record batch at a time.

aiokafka makes an object with eleven fields of each record, which costs more than decoding the event in it. Its fetcher
still does all that is about a log: positions, checksums, transactions that were aborted, markers. It only iterates
record batches that yield themselves as one `Part`, or one between two gaps. What is private here belongs to aiokafka
0.14 and is pinned by `tests/unit/signals/test_faust_is_the_one_we_know.py`; that both ways give the same is held by
`test_fetching.py`.

Source: design (throughput).
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any, NamedTuple

from aiokafka.consumer.fetcher import Fetcher, FetchResult

__all__ = ["Fetched", "Part", "hand_out_parts"]


class Part(NamedTuple):
    """Records of one record batch, at least one, whose offsets follow each other.

    Shape: `first` is the offset of the first; `timestamp_ms` the latest time in the batch.
    """

    first: int
    values: list[bytes]
    timestamp_ms: int

    @property
    def offset(self) -> int:
        """The offset of the last record: what the fetcher asks of a record."""
        return self.first + len(self.values) - 1


class Fetched:
    """Records of one partition in the order of their offsets, as far as they were fetched together.

    Shape: a record has a place, from 0 on, which is not its offset where offsets are missing. `timestamp_ms` is when
    the last of them were written.
    """

    __slots__ = ("_firsts", "_places", "_sizes", "timestamp_ms", "values")

    def __init__(self, parts: Iterable[Part]) -> None:
        self.values: list[bytes] = []
        self.timestamp_ms = 0
        self._firsts: list[int] = []  # the offsets of records that come first, or after missing ones,
        self._places: list[int] = []  # and their places
        for part in parts:
            self._add(part)
        self._sizes = array("q", accumulate(map(len, self.values), initial=0))

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.values)

    @property
    def last(self) -> int:
        """The offset of the last record."""
        return self.offset(len(self) - 1)

    def size(self, begin: int = 0, end: int | None = None) -> int:
        """Return how many bytes the values from one place to another have."""
        return self._sizes[len(self) if end is None else end] - self._sizes[begin]

    def offset(self, place: int) -> int:
        """Return the offset of a record."""
        run = bisect_right(self._places, place) - 1
        return self._firsts[run] + place - self._places[run]

    def place(self, offset: int) -> int:
        """Return the place of the first record that has this offset or a later one."""
        run = bisect_right(self._firsts, offset) - 1
        return 0 if run < 0 else min(self._places[run] + offset - self._firsts[run], self._end(run))

    def stretch(self, begin: int, most_bytes: int) -> list[bytes]:
        """Return the values from a place on, at least one, as far as they fit and their offsets have no gap."""
        end = max(begin + 1, bisect_right(self._sizes, self._sizes[begin] + most_bytes) - 1)
        return self.values[begin : min(end, self._end(bisect_right(self._places, begin) - 1))]

    def _end(self, run: int) -> int:
        """Return the place after the last record before which, from a run's first on, none is missing."""
        return self._places[run + 1] if run + 1 < len(self._places) else len(self)

    def _add(self, part: Part) -> None:
        following = self.last + 1 if self.values else -1
        known = max(0, following - part.first)  # none, unless a broker repeats itself
        first, values = part.first + known, part.values[known:]
        if not values:
            return
        if first != following:
            self._firsts.append(first)
            self._places.append(len(self))
        self.values += values
        self.timestamp_ms = part.timestamp_ms


class WholeBatch:
    """A record batch that yields all of its records as one; whatever else is asked of it, it is the batch itself."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __getattr__(self, name: str) -> Any:
        """Return what the batch has."""
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        """Return the next record itself: the fetcher reads the marker of a control batch so."""
        return next(self._batch)

    def __iter__(self) -> Iterator[Part]:
        """Yield the records: all at once, unless offsets are missing; one that has no later offset is left out."""
        latest_ms = getattr(self._batch, "max_timestamp", None)  # batches of old formats do not tell
        at_ms = 0 if latest_ms is None else latest_ms
        first = following = -1
        values: list[bytes] = []
        for record in self._batch:
            offset = record.offset
            if offset != following:
                if offset < following:
                    continue
                if values:
                    yield Part(first, values, at_ms)
                first, values = offset, []
            values.append(record.value or b"")
            following = offset + 1
            if latest_ms is None:
                at_ms = record.timestamp or 0
        if values:
            yield Part(first, values, at_ms)


class WholeRecords:
    """Fetched bytes whose record batches are whole ones."""

    def __init__(self, records: Any) -> None:
        self._records = records

    def has_next(self) -> bool:
        """Tell whether there is another batch."""
        more: bool = self._records.has_next()
        return more

    def next_batch(self) -> WholeBatch:
        """Return the next batch."""
        return WholeBatch(self._records.next_batch())


def hand_out_parts(fetcher: Fetcher, topic: str) -> None:
    """Let a fetcher return parts in place of records, of one topic."""
    fetch = fetcher._proc_fetch_request  # noqa: SLF001 - not public

    async def fetch_parts(*request: Any) -> Any:
        woken = await fetch(*request)  # nobody has had a turn since the answer was put where the reader finds it
        for tp, result in fetcher._records.items():  # noqa: SLF001 - as above
            if tp.topic == topic and type(result) is FetchResult:
                _make_whole(result._partition_records)  # noqa: SLF001 - as above
        return woken

    fetcher._proc_fetch_request = fetch_parts  # noqa: SLF001 - as above


def _make_whole(unpacked: Any) -> None:
    """Let what unpacks records unpack batches, unless it does already or is through."""
    if unpacked is not None and not isinstance(unpacked._records, WholeRecords):  # noqa: SLF001 - as above
        unpacked._records = WholeRecords(unpacked._records)  # noqa: SLF001 - as above
        unpacked._consumer_record = _itself  # noqa: SLF001 - as above


def _itself(_tp: object, part: Part) -> Part:
    return part
