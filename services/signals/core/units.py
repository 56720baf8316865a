"""A unit: the events of consecutive records, folded account by account.

What an event does to its account depends on that account and on controls alone, so the events of records between two
controls may be folded account after account, each one's in their order: the state is that of folding line after line,
and what is told of one account keeps its order. A record with a control, or with a line that cannot be used, stands by
itself. Source: definition 37, design (one input log; throughput).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from services.signals.core import poison
from services.signals.core.partition import Partition
from services.signals.core.quiet import fold_quiet
from shared.kernel.codec import decode_events, decode_single_events
from shared.kernel.errors import UpswingError
from shared.kernel.events.envelope import Event

SHORT_BYTES = 1_000  # a record of less than so many holds one event, or few: many of them are decoded together
FEWEST_QUIET = 3  # events of an account: fewer are not worth the preparation
FEW_RECORDS = 32  # so many are decoded one by one when something among them is no plain event

LogRecord = tuple[int, bytes]
Groups = defaultdict[str, list[Event]]


class Unit:
    """Events of consecutive records, by account too.

    Shape: `ends` tells for each record how many events there are up to its end.
    """

    __slots__ = ("_places", "ends", "events", "groups", "records")

    def __init__(self, records: Sequence[LogRecord], ends: list[int], events: list[Event], groups: Groups) -> None:
        self.records, self.ends, self.events, self.groups = records, ends, events, groups
        self._places: dict[int, int] = {}

    @property
    def first(self) -> int:
        """The offset of the first record."""
        return self.records[0][0]

    @property
    def last(self) -> int:
        """The offset of the last record."""
        return self.records[-1][0]

    def place(self, event: Event) -> tuple[int, int]:
        """Return the offset and the number of an event's line."""
        if not self._places:
            self._places = {id(one): index for index, one in enumerate(self.events)}
        index = self._places[id(event)]
        record = bisect_right(self.ends, index)
        return self.records[record][0], index - (self.ends[record - 1] if record else 0)

    def by_account(self) -> Iterator[tuple[str, list[Event], int]]:
        """Yield each account's name and events, and the offset of the last record that has one of them."""
        last = self._last_offsets(len(self.groups))
        for name, events in self.groups.items():
            yield name, events, last[name]

    def _last_offsets(self, accounts: int) -> dict[str, int]:
        """Return the offset of the last record of each account; most are found in the last few records."""
        last: dict[str, int] = {}
        end = len(self.events)
        for number in range(len(self.records) - 1, -1, -1):  # pragma: no branch - each account is in one of them
            begin = self.ends[number - 1] if number else 0
            offset = self.records[number][0]
            for event in islice(self.events, begin, end):
                last.setdefault(event.account_id, offset)
            if len(last) == accounts:
                break
            end = begin
        return last


def units_of(records: Sequence[LogRecord]) -> Iterator[Unit | LogRecord]:
    """Yield units, and between them the records that stand by themselves."""
    values = [value for _, value in records]
    if sum(map(len, values)) < SHORT_BYTES * len(values):
        events = decode_single_events(values)
        if events is not None:
            groups: Groups = defaultdict(list)
            _group(groups, events)
            yield Unit(records, [*range(1, len(records) + 1)], events, groups)
            return
        if len(records) > FEW_RECORDS:
            half = len(records) // 2
            yield from units_of(records[:half])
            yield from units_of(records[half:])
            return
    yield from _one_by_one(records)


def _one_by_one(records: Sequence[LogRecord]) -> Iterator[Unit | LogRecord]:
    begin, ends, events = 0, list[int](), list[Event]()
    groups: Groups = defaultdict(list)
    for number, (_, value) in enumerate(records):
        decoded = decode_events(value)
        if decoded is not None:
            _group(groups, decoded)  # while the processor has them at hand: later each would have to be fetched again
            events += decoded
            ends.append(len(events))
            continue
        if ends:
            yield Unit(records[begin:number], ends, events, groups)
        yield records[number]
        begin, ends, events, groups = number + 1, [], [], defaultdict(list)
    if ends:
        yield Unit(records[begin:], ends, events, groups)


def _group(groups: Groups, events: list[Event]) -> None:
    """Put events to those of their account."""
    for event in events:
        groups[event.account_id].append(event)


def fold_unit(state: Partition, journal: poison.Journal, unit: Unit) -> None:
    """Fold a unit. Errors: `UpswingError` and `MemoryError`, which are not its events' fault."""
    for offset, value in unit.records:
        journal.append(offset, value)
    first = unit.first
    for name, events, offset in unit.by_account():
        account = state.accounts.get(name)
        if account is None or account.offset >= first:  # not in memory; or a torn flush holds some of these already
            for event in events:
                fold_one(state, journal, *unit.place(event), event)
        else:
            _fold_group(state, journal, unit, events, offset)
    state.close_all()


def _fold_group(state: Partition, journal: poison.Journal, unit: Unit, events: list[Event], offset: int) -> None:
    """Fold the quiet events of an account at once, the others one by one; ever more of these after each other."""
    name, number, end, loud = events[0].account_id, 0, len(events), 1
    while number < end:
        account = state.accounts.get(name)
        if account is not None and end - number >= FEWEST_QUIET:
            begin = number
            try:
                number = fold_quiet(state, account, events, number, offset)
            except (UpswingError, MemoryError):
                raise
            except Exception:  # noqa: BLE001 - fate: the short way; the account goes the clear way from where it was
                state.counts["short_way_failed",] += 1  # nothing is lost, but somebody should know
                poison.reload(state, journal, name, *unit.place(events[number]))
                loud = end - number
            else:
                loud = loud * 2 if number == begin else 1
        else:
            loud = end - number
        for event in events[number : number + loud]:
            number += 1
            if (error := failure_of(state, offset, event)) is not None:
                poison.undo(state, journal, *unit.place(event), event, error)


def fold_one(state: Partition, journal: poison.Journal, offset: int, number: int, event: Event) -> None:
    """Fold one event; when something fails at it, its line is undone and becomes a dead letter."""
    if (error := failure_of(state, offset, event)) is not None:
        poison.undo(state, journal, offset, number, event, error)


def failure_of(state: Partition, offset: int, event: Event) -> Exception | None:
    """Fold one event; return what failed at it. Errors: `UpswingError` and `MemoryError`."""
    said = len(state.outputs)
    try:
        state.fold_event(offset, event)
    except (UpswingError, MemoryError):
        raise  # not the line's fault: the store or the machine is broken
    except Exception as error:  # noqa: BLE001 - fate: the record; the line is undone and dead-lettered
        del state.outputs[said:]
        return error
    return None
