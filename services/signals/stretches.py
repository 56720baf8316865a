"""How much of a fetched batch is folded in one go: as much as fits a slice of time, whatever an event costs.

The loop has other things to do than folding: sending, flushing, answering the group. So a batch is cut into stretches,
whose size follows what the last ones have taken. Source: design (throughput).
"""

from services.signals.fetching import Fetched

__all__ = ["Slices", "Stretches"]

FIRST_BYTES, LEAST_BYTES, MOST_BYTES = 1 << 18, 1 << 12, 1 << 23
BEHIND = ((4 << 20, 400.0), (1 << 20, 100.0))  # of a batch of so many bytes so many ms are folded at once: costs less


class Stretches:
    """Cuts batches. Units: `slice_seconds` is what a stretch should take; `size` is its bytes for now."""

    def __init__(self, slice_seconds: float) -> None:
        self.size = FIRST_BYTES
        self._slice_seconds = slice_seconds

    def cut(self, batch: Fetched, begin: int) -> list[bytes]:
        """Return the values of the next records, at least one, as far as their offsets have no gap."""
        return batch.stretch(begin, self.size)

    def took(self, size: int, seconds: float) -> None:
        """Learn from how long so many bytes have taken; a short stretch tells little, unless it was slow.

        None at all is a record that is not through with all accounts, and tells nothing.
        """
        if not size or (2 * size < self.size and seconds < self._slice_seconds):
            return
        fitting = size * self._slice_seconds / max(seconds, 1e-6)
        self.size = int(min(max((self.size + fitting) / 2, LEAST_BYTES), MOST_BYTES))


class Slices:
    """Slices of time for batches of each size. Units: `usual_ms` is what a stretch should take as a rule."""

    def __init__(self, usual_ms: float) -> None:
        self._usual = Stretches(usual_ms / 1000)
        self._behind = [(least, Stretches(max(usual_ms, at_once) / 1000)) for least, at_once in BEHIND]

    def of(self, size: int) -> tuple[Stretches, bool]:
        """Return what cuts a batch of so many bytes, and whether it is part of a backlog."""
        found = next((stretches for least, stretches in self._behind if size >= least), self._usual)
        return found, found is not self._usual
