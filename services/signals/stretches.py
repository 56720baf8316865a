"""How much of a fetched batch is folded in one go: as much as fits a slice of time, whatever an event costs.

The loop has other things to do than folding: sending, flushing, answering the group. So a batch is cut into stretches,
whose size follows what the last ones have taken. Source: design (throughput).
"""

from collections.abc import Sequence
from typing import Any

__all__ = ["Stretches"]

FIRST_BYTES, LEAST_BYTES, MOST_BYTES = 1 << 18, 1 << 12, 1 << 22


class Stretches:
    """Cuts batches. Units: `slice_seconds` is what a stretch should take; `size` is its bytes for now."""

    def __init__(self, slice_seconds: float) -> None:
        self.size = FIRST_BYTES
        self._slice_seconds = slice_seconds

    def cut(self, batch: Sequence[Any], begin: int) -> list[tuple[int, bytes]]:
        """Return the next records from `begin` on, at least one, as far as their offsets have no gap."""
        offset, room = batch[begin].offset, self.size
        stretch: list[tuple[int, bytes]] = []
        for number in range(begin, len(batch)):
            record = batch[number]
            value = record.value or b""
            room -= len(value)
            if record.offset != offset or (room < 0 and stretch):
                break
            stretch.append((offset, value))
            offset += 1
        return stretch

    def took(self, stretch: Sequence[tuple[int, bytes]], seconds: float) -> None:
        """Learn from what a stretch has taken; a short one tells little, unless it was slow."""
        size = sum(len(value) for _, value in stretch)
        if 2 * size < self.size and seconds < self._slice_seconds:
            return
        fitting = size * self._slice_seconds / max(seconds, 1e-6)
        self.size = int(min(max((self.size + fitting) / 2, LEAST_BYTES), MOST_BYTES))
