"""The playbook by which signals judges now.

It is the version published last whose control record is in the log; until there is one, the file with which a local
stack was started, as that file was then. Of a file the newest snapshot has the last word, as signals may have been
started again since: it names the version that its account was judged by.
"""

import contextlib
from pathlib import Path

import msgspec

from deploy.local.noted import StartedWith
from shared.io.playbooks import read_playbook
from shared.kernel.clock import HOUR_MS, MINUTE_MS, iso
from shared.kernel.codec import decode_line
from shared.kernel.controls import PlaybookSet
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook
from shared.kernel.snapshots import decode_snapshot
from shared.kernel.topics import EVENTS, SNAPSHOTS
from upswing.publishing.versions import Published, published
from upswing.trace.logbook import Logbook

__all__ = ["InForce", "by_file", "in_force", "judged"]

LOOKS_MS = (5 * MINUTE_MS, HOUR_MS, 48 * HOUR_MS)  # the shortest look that finds a snapshot is enough
PLAYBOOK_SET = b'"control.playbook"'
BY_SNAPSHOTS = "as the newest snapshot says"


class InForce(msgspec.Struct, frozen=True):
    """What signals judges by.

    Shape: `playbook` is None when its numbers are not to be had; `how` says how that is known, `file` is its file.
    """

    version: str
    playbook: Playbook | None
    how: str
    file: Path | None = None


async def in_force(book: Logbook, started: StartedWith | None, now_ms: int) -> InForce | None:
    """Return what signals judges by, None when nobody can tell.

    Errors: `DependencyError` when the broker or a topic is not there.
    """
    for row in reversed(await published(book)):
        if row.playbook is not None and await _told(book, row):  # one that cannot be used is refused: the other stays
            return InForce(row.version, row.playbook, f"published {iso(row.at)}")
    return by_file(started, await judged(book, now_ms))


def by_file(started: StartedWith | None, seen: tuple[str, int] | None) -> InForce | None:
    """Return what is in force where none was published.

    Shape: `seen` is the version that the newest snapshot names, and when that was written.
    """
    if started is None:
        return None if seen is None else InForce(seen[0], None, BY_SNAPSHOTS)
    if seen is None or seen[0] == started.playbook.version or seen[1] <= started.at + MINUTE_MS:
        return _of_file(started.path, started.playbook)
    return _edited(started, seen[0]) or InForce(seen[0], None, BY_SNAPSHOTS)


def _of_file(path: Path, playbook: Playbook) -> InForce:
    return InForce(playbook.version, playbook, f"the file {path}", path)


async def _told(book: Logbook, row: Published) -> bool:
    """Tell whether the log was told of a version: a command that was stopped in between has written only its body."""
    any_there = False
    partitions = await book.partitions(EVENTS.name)
    async with contextlib.aclosing(book.read(EVENTS.name, partitions[:1], row.at - MINUTE_MS)) as records:
        async for record in records:
            if record.timestamp > row.at + MINUTE_MS:
                break
            any_there = True
            if any(_names(line, row.version) for line in (record.value or b"").split(b"\n")):
                return True
    return not any_there  # that part of the log is no more


def _names(raw: bytes, version: str) -> bool:
    if PLAYBOOK_SET not in raw:
        return False
    line = decode_line(raw)
    return isinstance(line, PlaybookSet) and line.version == version


def _edited(started: StartedWith, version: str) -> InForce | None:
    """Return the stack's file as it is now, when signals has been started again since and has read it."""
    try:
        now = read_playbook(started.path)
    except ConfigurationError:
        return None
    return _of_file(started.path, now) if now.version == version else None


async def judged(book: Logbook, now_ms: int) -> tuple[str, int] | None:
    """Return the version that the newest snapshot names, and when that was written; None without one of late."""
    partitions = await book.partitions(SNAPSHOTS.name)
    for back_ms in LOOKS_MS:
        newest = None
        async for record in book.read(SNAPSHOTS.name, partitions, now_ms - back_ms):
            if record.value and (newest is None or record.timestamp >= newest.timestamp):
                newest = record
        if newest is not None:
            with contextlib.suppress(msgspec.DecodeError):
                return decode_snapshot(newest.value).playbook_version, newest.timestamp
    return None
