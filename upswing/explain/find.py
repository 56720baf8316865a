"""The latest snapshot of an account, how its open triggers fired, and how far signals has read since.

A record that somebody else wrote on the topic, and that cannot be read, is passed over.
"""

import contextlib

import msgspec

from shared.kernel.ids import partition_for
from shared.kernel.snapshots import Snapshot, decode_snapshot
from shared.kernel.topics import EVENTS, SNAPSHOTS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from upswing.explain.similar import names_of_accounts, similar
from upswing.trace.follow import GROUP
from upswing.trace.logbook import Logbook

__all__ = ["Found", "find_snapshot", "why_none"]


class Found(msgspec.Struct):
    """What is there of an account.

    Shape: without a snapshot, `similar` are ids of accounts that may have been meant, and so many are `known` in all.
    `began` are the records with which its open triggers fired or were held, by id, as far as their topic still has
    them. Units: `behind` is the number of records of the account's partition that signals has still to make durable.
    """

    snapshot: Snapshot | None = None
    began: dict[str, Trigger] = {}
    behind: int = 0
    similar: tuple[str, ...] = ()
    known: int = 0


async def find_snapshot(book: Logbook, account_id: str) -> Found:
    """Return what is there of an account. Errors: `DependencyError` when the broker or a topic is not there."""
    ends = await book.ends(EVENTS.name)
    home = partition_for(account_id, len(ends))
    through = await book.committed(GROUP, EVENTS.name, home)  # asked first: what follows is not older
    partitions = await book.partitions(SNAPSHOTS.name)
    value: bytes | None = None
    key = account_id.encode()
    async for record in book.read(SNAPSHOTS.name, [partition_for(account_id, len(partitions))], 0):
        if record.key == key:
            value = record.value or None
    found = Found(behind=max(0, ends[home] - through))
    if value is not None:
        with contextlib.suppress(msgspec.DecodeError):
            found.snapshot = decode_snapshot(value)
    if found.snapshot is None:
        names = await names_of_accounts(book)
        names.pop(account_id, None)  # it has a snapshot since, or one that cannot be read: it is not meant instead
        found.similar, found.known = similar(account_id, names), len(names)
    else:
        found.began = await _beginnings(book, found.snapshot)
    return found


async def _beginnings(book: Logbook, snapshot: Snapshot) -> dict[str, Trigger]:
    """Return the first records of the account's open triggers."""
    began: dict[str, Trigger] = {}
    wanted = {rule.trigger_id for rule in snapshot.rules if rule.trigger_id is not None}
    if not wanted:
        return began
    key, partitions = snapshot.account_id.encode(), await book.partitions(TRIGGERS.name)
    home = [partition_for(snapshot.account_id, len(partitions))]
    async for record in book.read(TRIGGERS.name, home, 0):
        if record.key != key:
            continue
        with contextlib.suppress(msgspec.DecodeError):
            trigger = decode_trigger(record.value)
            if trigger.trigger_id in wanted and trigger.record in ("fired", "held"):
                began.setdefault(trigger.trigger_id, trigger)
    return began


def why_none(account_id: str, found: Found) -> str:
    """Return a sentence on why nothing is known of an account: misspelt, late, or never heard of."""
    late = (
        f"signals is {found.behind} records behind in its partition: is it running and ready?" if found.behind else ""
    )
    if found.similar:
        why = f"did you mean {' or '.join(found.similar)}?{f' Or {late}' if late else ''}"
    elif late:
        why = late
    elif not found.known:
        why = "nothing is known of any account yet: send events, `upswing trace <event id>` tells what became of one"
    else:
        known = "1 other account" if found.known == 1 else f"{found.known:,} others"
        why = f"no event of it was folded, of {known} some were; `upswing trace <event id>` tells what became of one"
    return f"nothing is known of account {account_id}: {why}"
