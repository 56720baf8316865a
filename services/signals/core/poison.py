"""What makes one bad line harmless: the journal of records not flushed yet, and dead letters.

A line at which a rule fails has already changed its account. The account is loaded as it was flushed, and the journal
is folded again without the line. Source: design (durability 3), definition 72.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence

import msgspec

from services.signals.core import controls
from services.signals.core.meta import Meta
from services.signals.core.output import Output
from services.signals.core.partition import Partition
from services.signals.core.steps import RuleFailed
from shared.kernel.codec import Line, decode_record, encode_line
from shared.kernel.dead_letters import DeadLetter, encode_letter
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.envelope import Event
from shared.kernel.topics import DEAD_LETTERS, EVENTS

LONGEST_LINE_CHARS = 400_000  # escaped it may grow fourfold, and a record of `dead.letters` holds 4 MiB


class Envelope(msgspec.Struct):
    """What can be told of a line that cannot be used."""

    id: str | None = None
    account_id: str | None = None
    source: str | None = None


class Journal:
    """The records since the last flush, the lines that were excluded, and how often rules have failed."""

    def __init__(self, meta: Meta) -> None:
        self._runs: list[tuple[int, Sequence[bytes]]] = []  # the offset of the first of some records, and their values
        self._excluded: set[tuple[int, int]] = set()
        self.switched_off: set[str] = set()  # asked for already
        self._decoded: dict[int, list[tuple[int, Line]]] = {}
        self._failures: dict[str, deque[int]] = {}
        self._meta = msgspec.structs.replace(meta)

    def extend(self, first: int, values: Sequence[bytes]) -> None:
        """Note records before they are folded; `first` is the first one's offset."""
        self._runs.append((first, values))

    def exclude(self, offset: int, number: int) -> None:
        """Leave a line out of every refold."""
        self._excluded.add((offset, number))

    def flushed(self, meta: Meta) -> None:
        """Forget: the pages hold what has been folded."""
        self._runs.clear()
        self._decoded.clear()
        self._excluded.clear()
        self._meta = msgspec.structs.replace(meta)

    def begin(self) -> Meta:
        """Return the partition's state as it was flushed."""
        return msgspec.structs.replace(self._meta)

    def lines(self, account_id: str, offset: int, number: int) -> Iterator[tuple[int, Line | None]]:
        """Yield the controls and the account's events before a line, with offsets; (offset, None) ends a record."""
        for at, value in self._records():  # pragma: no branch - the line itself is among them
            for position, line in self._lines_of(at, value):
                if at == offset and position >= number:
                    return
                mine = not isinstance(line, Event) or line.account_id == account_id
                if mine and (at, position) not in self._excluded:
                    yield at, line
            yield at, None

    def _records(self) -> Iterator[tuple[int, bytes]]:
        for first, values in self._runs:  # pragma: no branch - who asks stops at the line
            yield from enumerate(values, first)

    def _lines_of(self, offset: int, value: bytes) -> list[tuple[int, Line]]:
        """Return a record's good lines; decoded once, however many of them fail."""
        found = self._decoded.get(offset)
        if found is None:
            found = self._decoded[offset] = decode_record(value)[0]
        return found

    def too_often(self, rule: str, ticked_at: int, failures: int, seconds: int) -> bool:
        """Note a failure; tell whether there were `failures` of them within `seconds` of tick time, and begin anew."""
        seen = self._failures.setdefault(rule, deque())
        seen.append(ticked_at)
        while seen[0] < ticked_at - seconds * 1000:
            seen.popleft()
        if len(seen) < failures:
            return False
        seen.clear()
        return True


def refuse(state: Partition, offset: int, number: int, raw: bytes, problem: Problem) -> None:
    """Turn a line that cannot be used into a dead letter, and count it."""
    state.counts["rejected", problem.reason.value] += 1
    try:
        known = msgspec.json.decode(raw, type=Envelope, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        known = Envelope()
    letter = DeadLetter(
        letter_id=f"{state.epoch}/{state.number}/{offset}/{number}",
        service="signals",
        reason=problem.reason,
        field=problem.field,
        message=problem.message,
        line=raw.decode(errors="backslashreplace")[:LONGEST_LINE_CHARS],
        origin=f"events/{state.number}/{offset}/{number}",
        at=state.now_ms,
        account_id=known.account_id,
        event_id=known.id,
        source=known.source,
    )
    state.emit(Output(DEAD_LETTERS, (known.account_id or "").encode(), encode_letter(letter)))


def undo(state: Partition, journal: Journal, offset: int, number: int, event: Event, error: Exception) -> None:
    """Undo a line at which something failed: its account is loaded again and refolded without it."""
    if isinstance(error, RuleFailed):
        count_failure(state, journal, error)
    journal.exclude(offset, number)
    problem = Problem(Reason.RULE_FAILED, "", f"{type(error).__name__}: {error}")
    refuse(state, offset, number, encode_line(event), problem)
    reload(state, journal, event.account_id, offset, number)


def reload(state: Partition, journal: Journal, name: str, offset: int, number: int) -> None:
    """Load an account again and refold it up to a line, that one left out: whatever was half done to it is undone."""
    state.touched = [account for account in state.touched if account.head.account_id != name]
    state.shelf.forget(name)
    state.dirty.pop(name, None)
    state.unshown.pop(name, None)
    _refold(state, journal, name, offset, number)
    account = state.shelf.load(name)
    if account is not None:
        state.unshown[name] = None


def _refold(state: Partition, journal: Journal, account_id: str, offset: int, number: int) -> None:
    """Bring one account from what was flushed to just before a line, in silence."""
    present, terms, counts, kinds = state.meta, state.terms, state.counts, state.kinds
    touched, state.touched = state.touched, []
    state.meta, state.counts, state.kinds, state.muted = journal.begin(), Counter(), Counter(), True
    state.terms = state.terms_by(state.meta)
    try:
        for at, line in journal.lines(account_id, offset, number):
            if isinstance(line, Event):
                state.fold_event(at, line)
            elif line is not None:
                controls.apply(state, line, at, only=account_id)
            else:
                state.close(at)
    finally:
        state.meta, state.terms, state.counts, state.kinds, state.muted = present, terms, counts, kinds, False
        state.touched = touched + state.touched


def count_failure(state: Partition, journal: Journal, failure: RuleFailed) -> None:
    """Count a rule's failure; one that fails too often is switched off by a control record in every partition, once."""
    state.counts["rule_failures", failure.rule] += 1
    time, at_ms = state.terms.playbook.time, state.meta.ticked_at
    if failure.rule in journal.switched_off:
        return
    if journal.too_often(failure.rule, at_ms, time.rule_failures, time.rule_failure_seconds):
        journal.switched_off.add(failure.rule)
        line = controls.switch_off(failure.rule, at_ms, str(failure))
        for partition in range(state.of):
            state.emit(Output(EVENTS, b"", line, partition))
