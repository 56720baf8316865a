"""About how many bytes an account takes in memory, told by what its pages weigh.

Nobody asks the allocator: the numbers are what accounts of a few to thousands of events were seen to take, every rule
on, and good for deciding which accounts may stay. Source: ADR 0016, docs/performance.md (memory).
"""

from services.signals.core.account import Account

ACCOUNT_BYTES = 2_000  # the account itself, with nothing in it
ID_BYTES = 100
TIMES = 11  # what a byte of a page becomes once it is decoded


def weigh(account: Account) -> int:
    """Return about how many bytes an account takes, by its pages as they were last read or written."""
    pages = account.head_bytes + account.days_bytes
    for users in account.users:
        pages += users.page_bytes
    return ACCOUNT_BYTES + TIMES * pages + ID_BYTES * account.recent.held
