"""How much may lie folded and not yet flushed: the reader waits for the flush when more would.

What is unflushed lies in memory, and the ids of an account that are a part of it travel with its pages in one batch.
Source: ADR 0014.
"""

from collections.abc import Iterable

from services.signals.owned import Owned

__all__ = ["MOST_BYTES", "MOST_IN_ALL_BYTES", "fits"]

MOST_BYTES = 16 << 20  # of a partition
MOST_IN_ALL_BYTES = 128 << 20


def fits(owned: Owned, everybody: Iterable[Owned], size: int) -> bool:
    """Tell whether so many bytes more of a partition may be folded now; the first ones always may."""
    in_all = sum(each.unflushed_bytes for each in everybody)
    return (not owned.unflushed_bytes or owned.unflushed_bytes + size <= MOST_BYTES) and (
        not in_all or in_all + size <= MOST_IN_ALL_BYTES
    )
