"""Following one event through the topics: the log, the dead letters, signals' progress, snapshot and triggers.

A record that somebody else wrote on one of our topics, and that cannot be read, is passed over.
"""

import contextlib
import re

import msgspec

from shared.kernel.codec import decode_line
from shared.kernel.dead_letters import DeadLetter, decode_letter
from shared.kernel.events.envelope import Event
from shared.kernel.ids import partition_for
from shared.kernel.snapshots import Snapshot, decode_snapshot
from shared.kernel.topics import DEAD_LETTERS, EVENTS, SNAPSHOTS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from upswing.trace.logbook import Logbook

GROUP = "signals"
_PLAIN = re.compile(r"[\w.:+=@-]+", re.ASCII)  # what no writer of JSON escapes


class Place(msgspec.Struct, frozen=True):
    """One occurrence of the event in the log. Units: `logged_at` is the broker's time in milliseconds."""

    event: Event
    partition: int
    offset: int
    line: int
    logged_at: int


class Trail(msgspec.Struct):
    """What was found of one event. `behind`: how many records signals has still to flush to hold it durably."""

    places: list[Place] = []
    letters: list[DeadLetter] = []
    behind: int | None = None
    snapshot: Snapshot | None = None
    triggers: list[Trigger] = []


async def follow(book: Logbook, event_id: str, account_id: str | None, since_ms: int) -> Trail:
    """Return the trail of an event; with its account only one partition is searched."""
    trail = Trail()
    needle = event_id.encode() if _PLAIN.fullmatch(event_id) else b""
    partitions = await book.partitions(EVENTS.name)
    searched = partitions if account_id is None else [partition_for(account_id, len(partitions))]
    async for record in book.read(EVENTS.name, searched, since_ms, lambda value: needle in value):
        for number, raw in enumerate(record.value.split(b"\n")):
            event = decode_line(raw) if needle in raw else None
            if isinstance(event, Event) and event.id == event_id and account_id in (None, event.account_id):
                trail.places.append(Place(event, record.partition, record.offset, number, record.timestamp))
    letters = await book.partitions(DEAD_LETTERS.name)
    found: dict[str, DeadLetter] = {}
    async for record in book.read(DEAD_LETTERS.name, letters, since_ms, lambda value: needle in value):
        with contextlib.suppress(msgspec.DecodeError):
            letter = decode_letter(record.value)
            if letter.event_id == event_id and (letter.letter_id not in found or letter.retaken_at is not None):
                found[letter.letter_id] = letter
    trail.letters = list(found.values())
    if trail.places:
        await _consequences(book, trail, since_ms)
    return trail


async def _consequences(book: Logbook, trail: Trail, since_ms: int) -> None:
    """Add what signals made of the event: its account's latest snapshot, and the triggers it decided or held."""
    first = trail.places[0]
    through = await book.committed(GROUP, EVENTS.name, first.partition)  # asked first: what follows is not older
    trail.behind = max(0, first.offset + 1 - through)
    name = first.event.account_id
    key = name.encode()
    partitions = await book.partitions(SNAPSHOTS.name)
    async for record in book.read(SNAPSHOTS.name, [partition_for(name, len(partitions))], 0):
        if record.key == key and record.value:
            with contextlib.suppress(msgspec.DecodeError):
                trail.snapshot = decode_snapshot(record.value)
    mark = f"{first.event.source}/{first.event.id}"
    partitions = await book.partitions(TRIGGERS.name)
    seen: set[tuple[str, str]] = set()
    async for record in book.read(TRIGGERS.name, [partition_for(name, len(partitions))], since_ms):
        if record.key != key:
            continue
        with contextlib.suppress(msgspec.DecodeError):
            trigger = decode_trigger(record.value)
            caused = trigger.decided_by == mark or mark in trigger.evidence.event_ids
            if caused and (trigger.trigger_id, trigger.record) not in seen:
                seen.add((trigger.trigger_id, trigger.record))
                trail.triggers.append(trigger)
