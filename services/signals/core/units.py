"""A unit: the events of consecutive records, folded account by account.

What an event does to its account depends on that account and on controls alone, so the events of records between two
controls may be folded account after account, each one's in their order: the state is that of folding line after line,
and what is told of one account keeps its order. A record with a control, or with a line that cannot be used, stands by
itself. Source: definition 37, design (one input log; throughput).
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from services.signals.core import poison
from services.signals.core.columns import INDEX, MOST_EVENTS, Columns, Groups, Words, gather
from services.signals.core.partition import Partition
from services.signals.core.quiet import fold_quiet, turn_day
from shared.kernel.codec import decode_events, decode_plain_events, decode_single_events
from shared.kernel.errors import UpswingError
from shared.kernel.events.envelope import Event

SHORT_BYTES = 1_000  # a record of less than so many holds one event, or few: many of them are decoded together
TOGETHER = 512  # so many
BEGIN, END = ord("{"), ord("}")
FEW_RECORDS = 32  # so many are decoded one by one when something among them is no plain event

LogRecord = tuple[int, bytes]


class Unit:
    """Events of consecutive records, by account.

    Shape: `first` is the offset of the first record, `values` those of all; `ends` tells for each record how many
    events there are up to its end. A record is no object of its own: the collector would look at each.
    """

    __slots__ = ("_decoded", "_lines", "_words", "ends", "first", "groups", "values")

    def __init__(self, first: int) -> None:
        self.first = first
        self.values: list[bytes] = []
        self.ends = array("q")
        self.groups: Groups = {}
        self._words: Words = {}
        self._lines: dict[int, list[bytes]] = {}
        self._decoded: dict[int, list[Event]] = {}

    @property
    def events(self) -> int:
        """The number of events."""
        return self.ends[-1] if self.ends else 0

    @property
    def following(self) -> int:
        """The offset after the last record."""
        return self.first + len(self.values)

    def add(self, values: Sequence[bytes], events: list[Event]) -> None:
        """Add a record with its events, or several with one each."""
        begin = self.events
        self.values += values
        if len(values) == 1:
            self.ends.append(begin + len(events))
        else:
            self.ends.extend(range(begin + 1, begin + len(events) + 1))
        gather(self.groups, self._words, events, begin)

    def place(self, index: int) -> tuple[int, int]:
        """Return the offset and the number of an event's line."""
        record = bisect_right(self.ends, index)
        return self.first + record, index - (self.ends[record - 1] if record else 0)

    def event(self, index: int) -> Event:
        """Return an event, decoded again."""
        record = bisect_right(self.ends, index)
        begin = self.ends[record - 1] if record else 0
        lines = self._lines.get(record)
        if lines is None:
            lines = self._lines[record] = _lines_of(self.values[record], self.ends[record] - begin)
        if lines:
            return (decode_events(lines[index - begin]) or [])[0]
        if record not in self._decoded:  # kept, as any number of its events may be asked for
            self._decoded[record] = decode_events(self.values[record]) or []
        return self._decoded[record][index - begin]


def _lines_of(value: bytes, number: int) -> list[bytes]:
    """Return the lines of a record, one for each of its events; none where one lies over several, or two on one."""
    lines = value.split(b"\n")
    if len(lines) != number:
        lines = [line for line in map(bytes.strip, lines) if line]
    if len(lines) != number:
        return []
    for line in lines:
        if not line or line[0] != BEGIN or line[-1] != END:
            return []
    return lines


def units_of(first: int, values: Sequence[bytes]) -> Iterator[Unit | LogRecord]:
    """Yield units, and between them the records that stand by themselves."""
    unit = Unit(first)
    for some, events in _decoded(values):
        if unit.values and (events is None or unit.events + len(events) > MOST_EVENTS):
            yield unit
            unit = Unit(unit.following)
        if events is None:
            yield unit.first, some[0]
            unit = Unit(unit.first + 1)
        else:
            unit.add(some, events)
    if unit.values:
        yield unit


def _decoded(values: Sequence[bytes]) -> Iterator[tuple[Sequence[bytes], list[Event] | None]]:
    """Yield a record with its events, or several with one each; None when one is not all events."""
    if sum(map(len, values)) >= SHORT_BYTES * len(values):
        for value in values:
            yield [value], _events_of(value)
        return
    for begin in range(0, len(values), TOGETHER):
        yield from _decoded_together(values[begin : begin + TOGETHER])


def _events_of(value: bytes) -> list[Event] | None:
    """Return the events of a record, None for one that stands by itself."""
    events = decode_plain_events(value)
    return events if events is None or len(events) <= MOST_EVENTS else None


def _decoded_together(values: Sequence[bytes]) -> Iterator[tuple[Sequence[bytes], list[Event] | None]]:
    events = decode_single_events(values)
    if events is not None:
        yield values, events
    elif len(values) > FEW_RECORDS:
        half = len(values) // 2
        yield from _decoded_together(values[:half])
        yield from _decoded_together(values[half:])
    else:
        for value in values:
            yield [value], _events_of(value)


def fold_unit(state: Partition, journal: poison.Journal, unit: Unit) -> None:
    """Fold a unit. Errors: `UpswingError` and `MemoryError`, which are not its events' fault."""
    journal.extend(unit.first, unit.values)
    groups = unit.groups
    for name in list(groups):  # each is let go while the processor still has it at hand
        _fold_group(state, journal, unit, name, groups.pop(name))
    state.close_all()


def _fold_group(state: Partition, journal: poison.Journal, unit: Unit, name: str, columns: Columns) -> None:
    """Fold the quiet events of an account at once, the others one by one."""
    number, end = 0, len(columns.marks)
    offset, _ = unit.place(columns.last_index)
    while number < end:
        account = state.accounts.get(name)
        following, said = number + 1, len(state.outputs)
        if account is None:  # not in memory yet, or none that anything is kept of
            pass
        elif account.offset >= unit.first:  # a torn flush holds some of these already
            following = end
        else:
            try:
                turn_day(state, account, columns, number)
                done = fold_quiet(state, account, columns, number, offset) - number
                number += done
                if done:  # the next may be quiet too, of another day or source
                    continue
            except (UpswingError, MemoryError):
                raise
            except Exception:  # noqa: BLE001 - fate: the short way; the account goes the clear way from where it was
                del state.outputs[said:]
                state.counts["short_way_failed",] += 1  # nothing is lost, but somebody should know
                poison.reload(state, journal, name, *unit.place(int(columns.marks[number] & INDEX)))
                following = end
        _fold_clearly(state, journal, unit, columns, number, following, said)
        number = following


def _fold_clearly(
    state: Partition, journal: poison.Journal, unit: Unit, columns: Columns, begin: int, end: int, said: int
) -> None:
    """Fold events of an account one by one; what has been said after `said` belongs to the first of them."""
    for number in range(begin, end):
        index = int(columns.marks[number] & INDEX)
        _fold_one(state, journal, *unit.place(index), unit.event(index), said)
        said = len(state.outputs)


def fold_one(state: Partition, journal: poison.Journal, offset: int, number: int, event: Event) -> None:
    """Fold one event; when something fails at it, its line is undone and becomes a dead letter.

    Errors: `UpswingError` and `MemoryError`, which are not the line's fault: the store or the machine is broken.
    """
    _fold_one(state, journal, offset, number, event, len(state.outputs))


def _fold_one(state: Partition, journal: poison.Journal, offset: int, number: int, event: Event, said: int) -> None:
    try:
        state.fold_event(offset, event)
    except (UpswingError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - fate: the record; the line is undone and dead-lettered
        del state.outputs[said:]
        poison.undo(state, journal, offset, number, event, error)
