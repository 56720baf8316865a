"""The latest snapshot of an account, and how far signals has read since.

A record that somebody else wrote on the topic, and that cannot be read, is passed over.
"""

import contextlib
from difflib import get_close_matches

import msgspec

from shared.kernel.ids import partition_for
from shared.kernel.snapshots import Snapshot, decode_snapshot
from shared.kernel.topics import EVENTS, SNAPSHOTS
from upswing.trace.follow import GROUP
from upswing.trace.logbook import Logbook

__all__ = ["Found", "find_snapshot"]


class Found(msgspec.Struct):
    """What is there of an account. Shape: `similar` are names like the one asked for, when there is no snapshot.

    Units: `behind` is the number of records of the account's partition that signals has still to make durable.
    """

    snapshot: Snapshot | None = None
    behind: int = 0
    similar: tuple[str, ...] = ()


async def find_snapshot(book: Logbook, account_id: str) -> Found:
    """Return what is there of an account. Errors: `DependencyError` when the broker or a topic is not there."""
    ends = await book.ends(EVENTS.name)
    home = partition_for(account_id, len(ends))
    through = await book.committed(GROUP, EVENTS.name, home)  # asked first: what follows is not older
    partitions = await book.partitions(SNAPSHOTS.name)
    names: set[str] = set()
    value: bytes | None = None
    key = account_id.encode()
    async for record in book.read(SNAPSHOTS.name, [partition_for(account_id, len(partitions))], 0):
        names.add((record.key or b"").decode(errors="replace"))
        if record.key == key:
            value = record.value or None
    found = Found(behind=max(0, ends[home] - through))
    if value is not None:
        with contextlib.suppress(msgspec.DecodeError):
            found.snapshot = decode_snapshot(value)
    if found.snapshot is None:
        found.similar = tuple(get_close_matches(account_id, sorted(names - {account_id})))
    return found
