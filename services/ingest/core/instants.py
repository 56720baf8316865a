"""The time of an event: read, corrected for a clock that is wrong, and never in the future.

A client that says when it *sent* a body (`sentAt`) lets us see by how much its clock is off, and Segment corrects every
timestamp by that difference: received − (sent − timestamp). So do we, but only when the clock is off by more than
`SKEW_TOLERANCE_MS`. Below it the difference is mostly the way through the network, and moving each time by it would put
an event of midnight into another day, and give a repeated event another time, which nobody who reads their own
timestamps expects. Source: definitions 46 and 47.
"""

from shared.kernel.clock import MAX_INSTANT_MS, MIN_INSTANT_MS, parse_instant

SKEW_TOLERANCE_MS = 60_000
REMEMBERED_TEXTS = 16_384
MAX_TEXT_CHARS = 64


class Instants(dict[str | int | None, int]):
    """What clients wrote as times, by their texts, each read once, in bounded memory.

    Shape: `INSTANTS[written]`. Errors: `ValueError` as `parse_instant`.
    """

    def __missing__(self, written: str | int | None) -> int:
        """Read a text that is not known."""
        instant_ms = parse_instant(str(written) if written is None else written)
        if len(self) >= REMEMBERED_TEXTS:
            self.clear()
        self[written] = instant_ms
        return instant_ms


INSTANTS = Instants()


def clock_shift_ms(received_at: int, sent_at: str | int | None) -> int:
    """Return what to add to a client's timestamps. A `sentAt` that cannot be read corrects nothing."""
    if sent_at is None:
        return 0
    try:
        shift = received_at - INSTANTS[sent_at]
    except ValueError:
        return 0
    return shift if abs(shift) > SKEW_TOLERANCE_MS else 0


def shifted(instant_ms: int, shift_ms: int) -> int:
    """Return an instant moved by a shift. Errors: `ValueError` when it leaves the years 1900–2100."""
    moved = instant_ms + shift_ms
    if not MIN_INSTANT_MS <= moved < MAX_INSTANT_MS:
        raise ValueError("must lie between 1900 and 2100 once corrected by sentAt")
    return moved
