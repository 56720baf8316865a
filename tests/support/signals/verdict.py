"""Whether what workers left behind is what the log says: triggers, letters, facts, state, store and offsets.

The log is the truth: misplaced lines come back to it, so the reference reads what the partitions hold in the end. It is
an engine in peace, in memory, from the first record on; and, where asked, the brute-force oracle, which shares no code
with the engine.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from services.signals.core.engine import Engine
from services.signals.core.pages import META_KEY, stamp_of
from shared.kernel.codec import decode_record
from shared.kernel.dead_letters import decode_letter
from shared.kernel.playbook import Playbook
from shared.kernel.topics import DEAD_LETTERS, EVENTS, FACTS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.adapters import EngineSubject, OracleSubject
from tests.oracle.agreement import assert_same_told
from tests.oracle.subject import Told
from tests.support.signals.company import Company
from tests.support.signals.known import state_hash, states
from tests.support.signals.stream import Stream, local_pages

__all__ = ["Memory", "Verdict", "assert_offsets_behind", "judge"]

SHOWN_BEFORE, SHOWN = 40, 200
FAR_MS = 1 << 42  # no event is after the future's end
TriggerKey = tuple[str, str]


class Memory:
    """Pages in a dictionary, for an engine without a worker."""

    def __init__(self, pages: dict[bytes, bytes] | None = None) -> None:
        self.pages = dict(pages or {})

    def get(self, key: bytes) -> bytes | None:
        """Return a page."""
        return self.pages.get(key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give the pages whose keys begin with `prefix`, in order."""
        return iter(sorted((key, value) for key, value in self.pages.items() if key.startswith(prefix)))


class Verdict(msgspec.Struct):
    """What was compared. Shape: `repeats` are triggers that are on the topic more than once; `state` is its hash."""

    events: int
    triggers: int
    repeats: int
    letters: int
    state: str
    reference: "Reference"


class Reference:
    """An engine in peace for each partition, and what it said."""

    def __init__(self, company: Company, log: dict[int, list[Any]], epoch: str, broken: Playbook | None) -> None:
        self.company, self.log, self.epoch = company, log, epoch
        self.playbook = broken or company.playbook
        self.length = sum(map(len, log.values()))
        self.triggers: dict[TriggerKey, Trigger] = {}
        self.letters: set[str] = set()
        self.facts: set[bytes] = set()
        self._engines = {number: self._fold(number) for number in log}
        self._states: dict[int, dict[str, dict[str, Any]]] = {}

    def engine(self, number: int, pages: Memory) -> Engine:
        """Return an engine over some pages."""
        return Engine(number, self.company.partitions, self.epoch, False, self.playbook, pages)

    def _fold(self, number: int) -> Engine:
        engine = self._begin(number)
        for record in self.log[number]:
            engine.fold(record.offset, record.value or b"", FAR_MS)
        self._note(engine)
        return engine

    def _begin(self, number: int) -> Engine:
        """Return an engine before the log: with nothing, or with what an earlier log led to."""
        if self.company.earlier is None:
            return self.engine(number, Memory())
        records, epoch = self.company.earlier
        before = Engine(number, self.company.partitions, epoch, False, self.playbook, Memory())
        for record in records:
            if record.partition == number:
                before.fold(record.offset, record.value or b"", FAR_MS)
        self._note(before)
        pages = {key: page for group in before.take_dirty() for key, page in group if page is not None}
        return Engine(number, self.company.partitions, self.epoch, True, self.playbook, Memory(pages))

    def _note(self, engine: Engine) -> None:
        """Note what an engine said."""
        for output in engine.take_outputs():
            if output.topic is TRIGGERS:
                trigger = decode_trigger(output.value)
                self.triggers[trigger.trigger_id, trigger.record] = timeless(trigger)
            elif output.topic is DEAD_LETTERS:
                self.letters.add(decode_letter(output.value).letter_id)
            elif output.topic is FACTS:
                self.facts.add(output.value)

    def states(self, number: int) -> dict[str, dict[str, Any]]:
        """Return what the engine of a partition knows after one flush and a restart."""
        if number not in self._states:
            groups = self._engines.pop(number).take_dirty()
            pages = {key: page for group in groups for key, page in group if page is not None}
            self._states[number] = states(self.engine(number, Memory(pages)))
        return self._states[number]


async def judge(
    company: Company,
    store: Path | None = None,
    *,
    oracle: bool = False,
    broken: Playbook | None = None,
    reference: Reference | None = None,
) -> Verdict:
    """Compare what workers left with the references. Errors: `AssertionError` says what is wrong.

    Shape: `store` is the local store of a stopped worker that owned everything; `broken` the playbook that the workers
    had instead of the company's; `reference` that of an earlier verdict, when nothing was written since.
    """
    await assert_offsets_behind(company)
    log: dict[int, list[Any]] = {number: [] for number in range(company.partitions)}
    for record in await company.records(EVENTS.name):
        log[record.partition].append(record)
    if reference is None or reference.length != sum(map(len, log.values())):
        reference = Reference(company, log, await company.epoch(), broken)
    found = [decode_trigger(record.value) for record in await company.records(TRIGGERS.name)]
    told = {(one.trigger_id, one.record): timeless(one) for one in found}
    _assert_same_keys("triggers", told, reference.triggers)
    assert told == reference.triggers, "a trigger says something else than it should"
    letters = [decode_letter(one.value).letter_id for one in await company.records(DEAD_LETTERS.name)]
    _assert_same_keys("letters", letters, reference.letters)
    _assert_same_keys("facts", [one.value for one in await company.records(FACTS.name)], reference.facts)
    pages = await company.partition_pages()
    if store is not None:
        every = {key: page for own in pages.values() for key, page in own.items() if key != META_KEY}
        local = local_pages(store, company.partitions)
        differing = sorted(key for key in local.keys() | every.keys() if local.get(key) != every.get(key))
        assert not differing, f"the local store is not what the changelog says: {len(differing)} of {differing[:3]}"
    state = _assert_same_state(reference, pages)
    if oracle:
        _assert_oracle_agrees(reference, found, letters)
    events = sum(len(decode_record(record.value or b"")[0]) for records in log.values() for record in records)
    assert len(told) > len(company.names) // 2 or company.names == ["crowd"], "the story is too dull to prove anything"
    return Verdict(events, len(told), len(found) - len(told), len(set(letters)), state, reference)


async def assert_offsets_behind(stream: Stream) -> None:
    """Assert that no committed offset is past what was flushed: the meta page says how far that is."""
    committed = await stream.committed()  # before the pages are read: they only move on
    for number, pages in (await stream.partition_pages()).items():
        flushed = stamp_of(pages[META_KEY])[1] + 1 if META_KEY in pages else 0
        assert committed.get(number, 0) <= flushed, (
            f"partition {number} is committed at {committed[number]} and flushed at {flushed}"
        )


def _assert_same_keys(what: str, found: Iterable[Any], right: Iterable[Any]) -> None:
    there, wanted = set(found), set(right)
    assert not wanted - there, f"{len(wanted - there)} of {len(wanted)} {what} are missing: {list(wanted - there)[:3]}"
    assert not there - wanted, f"{len(there - wanted)} {what} should not be: {list(there - wanted)[:3]}"


def _assert_same_state(reference: Reference, pages: dict[int, dict[bytes, bytes]]) -> str:
    hashes = []
    for number, records in reference.log.items():
        restored = reference.engine(number, Memory(pages[number]))
        end = records[-1].offset if records else -1
        assert restored.offset == end, f"partition {number} is at {restored.offset}, its log at {end}"
        left, wanted = states(restored), reference.states(number)
        for name in sorted(wanted.keys() | left.keys()):
            if left.get(name) != wanted.get(name):
                raise AssertionError(f"the state of {name} differs:\n{_differences(left.get(name), wanted.get(name))}")
        hashes.append(state_hash(wanted))
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]


def _differences(left: Any, right: Any) -> str:
    if left is None or right is None:
        return f"found: {left is not None}, wanted: {right is not None}"
    return "\n".join(_difference(name, left[name], right[name]) for name in right if left[name] != right[name])


def _difference(name: str, left: str, right: str) -> str:
    place = next((at for at, (one, other) in enumerate(zip(left, right, strict=False)) if one != other), 0)
    begin = max(0, place - SHOWN_BEFORE)
    return f"{name}: ...{left[begin : place + SHOWN]}, not ...{right[begin : place + SHOWN]}"


def _assert_oracle_agrees(reference: Reference, found: list[Trigger], letters: list[str]) -> None:
    """Let the brute-force oracle read the log, without the lines at which a rule was made to fail."""
    poisoned = {tuple(map(int, letter.split("/")[1:])) for letter in letters}
    playbook, company = reference.company.playbook, reference.company
    first: dict[TriggerKey, Told] = {}
    for one in found:
        first.setdefault((one.trigger_id, one.record), EngineSubject._told(one))
    expected: list[Told] = []
    for number, records in reference.log.items():
        oracle = OracleSubject([playbook], number, company.partitions)
        for record in records:
            lines = (record.value or b"").split(b"\n")
            good = [line for place, line in enumerate(lines) if (number, record.offset, place) not in poisoned]
            expected += oracle.fold(b"\n".join(good))
    assert_same_told(expected, list(first.values()), "the oracle and the topic")


def timeless(trigger: Trigger) -> Trigger:
    """Return a trigger without the wall clock in it."""
    return msgspec.structs.replace(trigger, emitted_at=0)
