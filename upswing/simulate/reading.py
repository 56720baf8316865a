"""Reads triggers to be scored: from a file of JSON lines, or from the topic `expansion.triggers`."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.topics import EVENTS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from upswing.trace.follow import GROUP
from upswing.trace.logbook import Logbook

__all__ = ["read_file", "read_topic"]

STALL_SECONDS, LOOK_SECONDS = 60.0, 1.0


def read_file(path: Path) -> list[Trigger]:
    """Return the triggers in a file of JSON lines. Errors: `ConfigurationError` naming the line."""
    found: list[Trigger] = []
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    found.append(_decoded(line, f"{path}, line {number}"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    return found


async def read_topic(
    bootstrap: str, prefix: str, told: Callable[[int], None] | None, stall_seconds: float = STALL_SECONDS
) -> list[Trigger]:
    """Return the triggers on the topic, once signals has folded what is in the log now.

    Shape: `told` gets how many records are still to be folded, about once a second; without it nothing is waited for.
    Errors: `DependencyError` when the broker or the topic is not there, or signals does not go on.
    """
    async with Logbook(bootstrap, prefix) as book:
        if told is not None:
            await _until_folded(book, told, stall_seconds)
        partitions = await book.partitions(TRIGGERS.name)
        return [decode_trigger(record.value) async for record in book.read(TRIGGERS.name, partitions, 0)]


async def _until_folded(book: Logbook, told: Callable[[int], None], stall_seconds: float) -> None:
    ends = await book.ends(EVENTS.name)
    least, since = -1, time.monotonic()
    while behind := await book.behind(GROUP, EVENTS.name, ends):
        told(behind)
        if behind != least:
            least, since = behind, time.monotonic()
        elif time.monotonic() - since > stall_seconds:
            raise DependencyError(
                f"signals has still to fold {behind:,} records, and has not gone on for {stall_seconds:g} s: does it "
                "run (`upswing up`)? A score of what is folded so far would be too low; --no-wait gives it all the same"
            )
        await asyncio.sleep(LOOK_SECONDS)


def _decoded(line: bytes, where: str) -> Trigger:
    try:
        return decode_trigger(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where}: no trigger: {error}") from None
