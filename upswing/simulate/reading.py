"""Reads triggers to be scored: from a file of JSON lines, or from the topic `expansion.triggers`."""

from pathlib import Path

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from upswing.trace.logbook import Logbook

__all__ = ["read_file", "read_topic"]


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


async def read_topic(bootstrap: str, prefix: str) -> list[Trigger]:
    """Return the triggers on the topic. Errors: `DependencyError` when the broker or the topic is not there."""
    async with Logbook(bootstrap, prefix) as book:
        partitions = await book.partitions(TRIGGERS.name)
        return [decode_trigger(record.value) async for record in book.read(TRIGGERS.name, partitions, 0)]


def _decoded(line: bytes, where: str) -> Trigger:
    try:
        return decode_trigger(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where}: no trigger: {error}") from None
