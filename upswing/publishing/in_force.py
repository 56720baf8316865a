"""The playbook by which signals judges now.

It is the published version that the log was told of last, of those that can be used; until there is one, the file with
which a local stack was started, as that file was then. Of a file the newest snapshot has the last word, as signals may
have been started again since: it names the version that its account was judged by.
"""

import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec

from deploy.local.noted import StartedWith
from shared.io.playbooks import read_playbook
from shared.kernel.clock import HOUR_MS, MINUTE_MS, iso
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook
from shared.kernel.snapshots import decode_snapshot
from shared.kernel.topics import SNAPSHOTS
from upswing.publishing.in_log import told_last
from upswing.publishing.versions import Published
from upswing.trace.logbook import Logbook

__all__ = ["UNTOLD", "InForce", "by_file", "in_force", "judged", "unheeded"]

LOOKS_MS = (5 * MINUTE_MS, HOUR_MS, 48 * HOUR_MS)  # the shortest look that finds a snapshot is enough
UNTOLD = "the log was not told of it: publish it again"
BY_SNAPSHOTS = "as the newest snapshot says"


class InForce(msgspec.Struct, frozen=True):
    """What signals judges by.

    Shape: `playbook` is None when its numbers are not to be had; `how` says how that is known, `file` is its file.
    """

    version: str
    playbook: Playbook | None
    how: str
    file: Path | None = None


async def in_force(
    book: Logbook, known: Sequence[Published], started: StartedWith | None, now_ms: int
) -> InForce | None:
    """Return what signals judges by, None when nobody can tell. Shape: `known` is what `published` returns.

    Errors: `DependencyError` when the broker or a topic is not there.
    """
    row = await told_last(book, known, now_ms)
    if row is not None:
        return InForce(row.version, row.playbook, f"published {iso(row.at)}")
    found = by_file(started, await judged(book, now_ms))
    if found is not None and found.playbook is None:  # a command that was stopped may have told some partitions
        bodies = {row.version: row.playbook for row in known}
        return msgspec.structs.replace(found, playbook=bodies.get(found.version))
    return found


def unheeded(known: Sequence[Published], judging: InForce | None) -> list[Published]:
    """Return the versions that were published after the one in force, all of them when a file is in force."""
    of_topic = judging.version if judging is not None and judging.file is None else None
    found = list(itertools.takewhile(lambda row: row.version != of_topic, reversed(known)))
    return found[::-1]


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
