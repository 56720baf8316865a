"""Where an account's events lie.

Source: design (one input log).
"""

from collections.abc import Callable

from shared.kernel.ids import partition_for

REMEMBERED_ACCOUNTS = 131_072


class Places(dict[str, int]):
    """The partitions of the accounts that were seen lately, in bounded memory."""

    def __init__(self, partitions: int) -> None:
        super().__init__()
        self._partitions = partitions

    def __missing__(self, account_id: str) -> int:
        """Find the partition of an account that is not known."""
        if len(self) >= REMEMBERED_ACCOUNTS:
            self.clear()
        place = self[account_id] = partition_for(account_id, self._partitions)
        return place


def make_partitioner(partitions: int) -> Callable[[str], int]:
    """Return the function from account to partition for a log of so many partitions; it remembers recent accounts."""
    return Places(partitions).__getitem__
