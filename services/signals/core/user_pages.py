r"""Where an account's user pages lie in the store.

An account of few user pages overwrites them: all that changed travels in one group, which is appended as a whole. Of
many users more may change between two flushes than one batch can hold. So in an account of `MANY` pages or more a user
page is never overwritten: each writing has a key of its own, which ends in where in the log it was made; the head names
the keys in force, and the head's group deletes those that it replaces. The other groups may then come before it, one by
one: until the head has come they are no part of the account. A crash in between leaves pages that no head names; they
are deleted once the account has been loaded and the log is folded again up to there.

A key is a function of the log, so a worker that writes late writes the same page under it, or one that no head names.
Source: design (state, durability 2), decision 14.
"""

from collections.abc import Callable, Iterator

from services.signals.core.account import Account
from services.signals.core.pages import USERS, Stamp, encode_page, page_key
from services.signals.core.state import Head

Group = list[tuple[bytes, bytes | None]]

MANY = 64
TOGETHER_BYTES = 1 << 20  # so much still travels with the head
GENERATION_BITS = 44
PLAIN, NOWHERE = 0, -1  # written before the account had many pages; not written yet


def key(head: Head, number: int) -> bytes:
    """Return the key under which a user page lies."""
    plain = page_key(USERS, head.account_id, number)
    at = head.user_keys[number] if head.user_keys else PLAIN
    return plain if at == PLAIN else plain + b"\0%d" % at


def keys(head: Head) -> list[bytes]:
    """Return the keys of all user pages of an account."""
    return [key(head, number) for number in range(len(head.user_keys) or head.user_pages)]


def unnamed(head: Head, scan: Callable[[bytes], Iterator[tuple[bytes, bytes]]]) -> list[bytes]:
    """Return the keys that a crash has left; accounts of few pages have none."""
    if not head.user_keys:
        return []
    named = set(keys(head))
    return [found for found, _page in scan(page_key(USERS, head.account_id) + b"\0") if found not in named]


def write(account: Account, stamp: Stamp) -> list[Group]:
    """Return the groups of changed user pages; the last one belongs together with the head."""
    head = account.head
    replaced: Group = []
    if head.user_pages >= MANY:
        at = (stamp[0] << GENERATION_BITS) + stamp[1] + 1
        replaced = [*_move(account, at), *_clear(account, at)]
    pages: Group = []
    for number in sorted(account.dirty_users):
        users = account.users[number]
        raw = encode_page(users.page(stamp))
        users.page_bytes = len(raw)
        pages.append((key(head, number), raw))
    account.dirty_users.clear()
    if head.user_pages < MANY or sum(len(page or b"") for _key, page in pages) <= TOGETHER_BYTES:
        return [pages + replaced]
    return [*([page] for page in pages), replaced]


def _move(account: Account, at: int) -> Group:
    """Give the changed pages new keys; return the deletions of their old ones."""
    head = account.head
    before = head.user_keys or [PLAIN] * head.user_pages
    before += [NOWHERE] * (head.user_pages - len(before))
    head.user_keys = before
    replaced: Group = []
    for number in account.dirty_users:
        if before[number] not in {at, NOWHERE}:
            replaced.append((key(head, number), None))
        before[number] = at
    return replaced


def _clear(account: Account, at: int) -> Group:
    """Return the deletions of what a crash has left, as far as the log has been folded again.

    A page beyond waits: its deletion would be older than the page, and would lose. One under whose key the same page is
    written again is none any more.
    """
    named = {key(account.head, number) for number in account.dirty_users}
    left, account.garbage = account.garbage, [found for found in account.garbage if _written_at(found) > at]
    return [(found, None) for found in left if _written_at(found) <= at and found not in named]


def _written_at(found: bytes) -> int:
    return int(found.rsplit(b"\0", 1)[1])
