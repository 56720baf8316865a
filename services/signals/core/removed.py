"""What is left of an account that an operator has removed: tombstones, and until they are durable a head that says so.

Its pages are deleted in the group in which that head is written; the head itself goes with the next flush, when the
partition's meta page is past the removal. So a worker that dies in between does not take the account's events of before
for those of a new one. Events that come after the removal make a new account.
Source: design (state, durability 2), reliability (erasure).
"""

from collections.abc import Iterable, Iterator

import msgspec

from services.signals.core import user_pages
from services.signals.core.account import Account
from services.signals.core.pages import DAYS, HEAD, RECENT, SCHEMA_VERSION, Stamp, encode_page, page_key
from services.signals.core.state import Head

Group = list[tuple[bytes, bytes | None]]


class Removal(msgspec.Struct):
    """One removed account. Shape: `keys` are those of the pages to delete; `written`: the store's head says so."""

    keys: list[bytes]
    stamp: Stamp
    written: bool = False


class Removals:
    """The accounts of a partition whose removal is not durable yet, by name."""

    def __init__(self) -> None:
        self._known: dict[str, Removal] = {}

    def __contains__(self, name: object) -> bool:
        """Tell whether an account has been removed."""
        return name in self._known

    def add(self, account: Account, stamp: Stamp) -> None:
        """Note that an account is removed by the record of a stamp."""
        head, name = account.head, account.head.account_id
        keys = [page_key(DAYS, name), *user_pages.keys(head), *account.garbage]
        keys += [page_key(RECENT, name, segment.number) for segment in account.recent.segments]
        before = self._known.get(name)
        self._known[name] = Removal(sorted({*keys, *(before.keys if before else ())}), stamp)

    def note(self, head: Head) -> None:
        """Note a stored head that says that its account was removed: a crash has left it."""
        self._known.setdefault(head.account_id, Removal([], head.stamp, written=True))

    def forget(self, name: str) -> None:
        """Take a removal back that is not written: its record is folded again."""
        self._known.pop(name, None)

    def is_past(self, name: str, stamp: Stamp) -> bool:
        """Tell whether an account was removed at or after a record."""
        removal = self._known.get(name)
        return removal is not None and removal.stamp >= stamp

    def deletions(self, name: str, written: Iterable[bytes]) -> Group:
        """Return what must go with the pages of a new account of the same name."""
        removal = self._known.pop(name, None)
        if removal is None:
            return []
        staying = set(written)
        return [(key, None) for key in removal.keys if key not in staying]

    def groups(self) -> Iterator[Group]:
        """Yield the groups to write: tombstones with the head that says so, or the tombstone of that head."""
        for name, removal in list(self._known.items()):
            key = page_key(HEAD, name)
            if removal.written:
                del self._known[name]
                yield [(key, None)]
            else:
                head = Head(SCHEMA_VERSION, removal.stamp, name, removed=True)
                yield [*((gone, None) for gone in removal.keys), (key, encode_page(head))]
                removal.keys, removal.written = [], True
