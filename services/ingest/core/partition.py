"""Where an account's events lie.

Source: design (one input log).
"""

from collections.abc import Callable
from functools import lru_cache

from shared.kernel.ids import partition_for

REMEMBERED_ACCOUNTS = 131_072


def make_partitioner(partitions: int) -> Callable[[str], int]:
    """Return the function from account to partition for a log of so many partitions; it remembers recent accounts."""

    @lru_cache(REMEMBERED_ACCOUNTS)
    def partition_of(account_id: str) -> int:
        return partition_for(account_id, partitions)

    return partition_of
