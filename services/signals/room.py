"""How much may lie folded and not yet flushed, and in memory at all: the reader waits for the flush when more would.

What is unflushed lies in memory, and the ids of an account that are a part of it travel with its pages in one batch.
Accounts that a flush has written may be let go. Source: ADR 0014, ADR 0016.
"""

from collections.abc import Collection

from services.signals.owned import Owned

__all__ = ["MOST_BYTES", "MOST_IN_ALL_BYTES", "fits", "let_idle_go"]

MOST_BYTES = 16 << 20  # of a partition
MOST_IN_ALL_BYTES = 128 << 20
BEYOND = 1.25  # times what accounts may take they do take, and the reader waits for a flush


def fits(owned: Owned, everybody: Collection[Owned], size: int, accounts_bytes: int) -> bool:
    """Tell whether so many bytes more of a partition may be folded now; the first ones always may.

    Shape: `accounts_bytes` is about how many bytes the accounts of all partitions may take in memory; a flush lets go
    what is beyond.
    """
    in_all = sum(each.unflushed_bytes for each in everybody)
    return (
        (not owned.unflushed_bytes or owned.unflushed_bytes + size <= MOST_BYTES)
        and (not in_all or in_all + size <= MOST_IN_ALL_BYTES)
        and (not in_all or sum(each.engine.weight for each in everybody) <= accounts_bytes * BEYOND)
    )


def let_idle_go(everybody: Collection[Owned], accounts_bytes: int) -> None:
    """Let each partition give its part of what accounts take beyond so many bytes; what is not written stays."""
    in_all = sum(each.engine.weight for each in everybody)
    if in_all > accounts_bytes:
        shares = [(each, (in_all - accounts_bytes) * each.engine.weight // in_all + 1) for each in everybody]
        for each, share in shares:
            each.engine.let_go(share)
