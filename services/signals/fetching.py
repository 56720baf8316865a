"""Fetched records by the batch: what aiokafka unpacks record by record is handed out a record batch at a time.

aiokafka makes an object with eleven fields of each record, which costs more than decoding the event in it. Its fetcher
still does all that is about a log: positions, checksums, transactions that were aborted, markers. It only iterates a
record batch that yields itself as one `Part`. What is private here belongs to aiokafka 0.14 and is pinned by
`tests/unit/signals/test_faust_is_the_one_we_know.py`; that both ways give the same is held by `test_fetching.py`.
Source: design (throughput).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple

from aiokafka.consumer.fetcher import Fetcher, FetchResult

__all__ = ["Fetched", "LogRecord", "Part", "hand_out_parts"]

LogRecord = tuple[int, bytes]
_OFFSET, _VALUE = itemgetter(0), itemgetter(1)


class Part(NamedTuple):
    """The records of one record batch, at least one. Shape: offset and value of each; the latest of their times."""

    records: list[LogRecord]
    timestamp_ms: int

    @property
    def offset(self) -> int:
        """The offset of the last record: what the fetcher asks of a record."""
        return self.records[-1][0]


class Fetched:
    """Records of one partition in the order of their offsets, as far as they were fetched together.

    Shape: `timestamp_ms` is when the last of them were written.
    """

    __slots__ = ("_breaks", "_ends", "records", "timestamp_ms")

    def __init__(self, parts: Iterable[Part]) -> None:
        self.records: list[LogRecord] = []
        self.timestamp_ms = 0
        for part in parts:
            self.records += part.records
            self.timestamp_ms = part.timestamp_ms
        self._breaks = self._put_in_order()
        self._ends = list(accumulate(map(len, map(_VALUE, self.records))))

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.records)

    @property
    def last(self) -> int:
        """The offset of the last record."""
        return self.records[-1][0]

    def size(self, begin: int = 0, end: int | None = None) -> int:
        """Return how many bytes the values from one place to another have."""
        return self._ends[len(self) - 1 if end is None else end - 1] - (self._ends[begin - 1] if begin else 0)

    def place(self, offset: int) -> int:
        """Return the place of the first record that has this offset or a later one."""
        return bisect_left(self.records, (offset,))

    def stretch(self, begin: int, most_bytes: int) -> list[LogRecord]:
        """Return records from a place on, at least one, as far as they fit and their offsets have no gap."""
        room = most_bytes + (self._ends[begin - 1] if begin else 0)
        end = max(begin + 1, bisect_right(self._ends, room))
        gap = bisect_right(self._breaks, begin)
        return self.records[begin : min(end, self._breaks[gap]) if gap < len(self._breaks) else end]

    def _put_in_order(self) -> list[int]:
        """Return the places before which offsets are missing; what has no later offset than one before is left out."""
        if not self.records:
            return []
        offsets = [*map(_OFFSET, self.records)]
        following = offsets[0]
        if offsets == [*range(following, following + len(offsets))]:
            return []
        kept: list[LogRecord] = []
        breaks: list[int] = []
        for record in self.records:
            if record[0] < following:
                continue
            if record[0] > following:
                breaks.append(len(kept))
            kept.append(record)
            following = record[0] + 1
        self.records = kept
        return breaks


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
        """Yield the records, if there are any."""
        records = [(record.offset, record.value or b"") for record in self._batch]
        if records:
            yield Part(records, getattr(self._batch, "max_timestamp", 0))  # batches of old formats do not tell


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
