"""Which of the published versions the log was told of last.

A body bears its publisher's time, the log its broker's, and the two clocks need not agree. So the control records are
looked for around the time of a body, near first, then as far away as a clock may be wrong; among those that are found
the log's own order decides.
"""

import contextlib
from collections.abc import Sequence

from shared.kernel.clock import HOUR_MS, MINUTE_MS
from shared.kernel.codec import decode_line
from shared.kernel.controls import PlaybookSet
from shared.kernel.topics import EVENTS
from upswing.publishing.versions import Published
from upswing.trace.logbook import Logbook

__all__ = ["told_last"]

AROUND_MS = (MINUTE_MS, HOUR_MS)  # the first that finds the version is enough: an hour of a flood is long to read
KEPT_MS = int(EVENTS.settings["retention.ms"])
PLAYBOOK_SET = b'"control.playbook"'


async def told_last(book: Logbook, known: Sequence[Published], now_ms: int) -> Published | None:
    """Return the version that the log was told of last; None when of none whose body can be used.

    Shape: the log's first partition stands for all. Of a version from before what the log still holds it is taken that
    the log was told; one from a clock that is wrong by more than an hour is not found.
    Errors: `DependencyError` when the broker or the topic is not there.
    """
    usable = {row.version: row for row in known if row.playbook is not None}  # signals refuses the others
    home = (await book.partitions(EVENTS.name))[:1] if usable else []
    for row in reversed(usable.values()):
        told: list[str] = []
        for margin_ms in AROUND_MS:
            named = await _named(book, home, row.at - margin_ms, row.at + margin_ms)
            told = [version for version in named if version in usable]
            if row.version in told:
                break
        if told:
            return usable[told[-1]]
        if row.at - AROUND_MS[-1] < await _reaches_back_to(book, home, now_ms):
            return row
    return None


async def _named(book: Logbook, home: list[int], since_ms: int, until_ms: int) -> list[str]:
    """Return the versions that control records between two instants of the log name, in its order."""
    found: list[str] = []
    async with contextlib.aclosing(book.read(EVENTS.name, home, max(1, since_ms))) as records:
        async for record in records:
            if record.timestamp > until_ms:
                break
            value: bytes = record.value or b""
            if PLAYBOOK_SET in value:  # so that of the flood's records none is decoded
                lines = [decode_line(raw) for raw in value.split(b"\n") if PLAYBOOK_SET in raw]
                found += [line.version for line in lines if isinstance(line, PlaybookSet)]
    return found


async def _reaches_back_to(book: Logbook, home: list[int], now_ms: int) -> int:
    """Return since when the log holds everything: 0 when nothing of it was removed yet."""
    async with contextlib.aclosing(book.read(EVENTS.name, home, 0)) as records:
        async for record in records:
            return int(record.timestamp) if record.offset else 0
    ends = await book.ends(EVENTS.name)
    return now_ms - KEPT_MS if ends[home[0]] else 0
