"""The accounts of one partition: decoded from pages on first touch, written back as atomic groups of pages, let go.

All pages of an account that changed travel in one group, so an account is always at one point of the log (those of many
users: see `user_pages`); the meta page is the last group, so it is never ahead of an account.
Source: design (state, durability 2).
"""

from collections.abc import Callable, Container, Iterator
from typing import Protocol

from services.signals.core import erased, user_pages
from services.signals.core.account import Account, new_account
from services.signals.core.meta import Meta
from services.signals.core.pages import (
    DAYS,
    HEAD,
    HEADS_PREFIX,
    META_KEY,
    NO_STAMP,
    RECENT,
    SCHEMA_VERSION,
    Page,
    PageDecoder,
    Stamp,
    encode_page,
    page_key,
)
from services.signals.core.recent import RecentIds
from services.signals.core.recent_state import RecentPage
from services.signals.core.removed import Removals
from services.signals.core.state import NO_DAY, Days, Head, UserPage
from services.signals.core.user import Users, users_of
from services.signals.core.weights import weigh
from shared.kernel.errors import InvariantError

Group = list[tuple[bytes, bytes | None]]

_HEAD, _DAYS, _USERS, _RECENT = PageDecoder(Head), PageDecoder(Days), PageDecoder(UserPage), PageDecoder(RecentPage)


class PageReader(Protocol):
    """What the core needs of the local store, for one partition."""

    def get(self, key: bytes) -> bytes | None:
        """Return a page, None when there is none."""

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the pages whose key begins with `prefix`, in the order of keys."""


_META = PageDecoder(Meta)


class Shelf:
    """One partition's accounts in memory, over the pages of its store; `prepare` computes what pages do not hold.

    Shape: `accounts` are in the order in which they were last written or loaded; `weight` is about how many bytes they
    take; `loaded` counts those that were loaded since somebody has looked. `shown` keeps of those that were let go when
    they were shown, and what; `showcase` forgets what is long ago.
    """

    def __init__(self, pages: PageReader, dedup_ms: int, prepare: Callable[[Account], None]) -> None:
        self._pages, self._dedup_ms, self._prepare = pages, dedup_ms, prepare
        self._in_flight: dict[bytes, bytes | None] = {}
        self.accounts: dict[str, Account] = {}
        self.removals = Removals()
        self.generation = self.weight = self.loaded = 0
        self.shown: dict[str, tuple[int, object]] = {}

    def meta(self) -> Meta | None:
        """Return the stored meta page."""
        raw = self._pages.get(META_KEY)
        return None if raw is None else _META.decode(raw)

    def _page(self, key: bytes) -> bytes | None:
        if key in self._in_flight:
            return self._in_flight[key]
        return self._pages.get(key)

    def load(self, account_id: str) -> Account | None:
        """Return an account, decoded when it is not in memory yet; None when it was never heard of."""
        account = self.accounts.get(account_id)
        if account is None:
            raw = None if account_id in self.removals else self._page(page_key(HEAD, account_id))
            head = None if raw is None else self._head(raw)
            if head is None:
                return None
            account = self.keep(self._decode(head, len(raw or b"")))
            self.loaded += 1
            account.shown_at, account.shown = self.shown.pop(account_id, (0, None))
        return account

    def keep(self, account: Account) -> Account:
        """Put an account on the shelf, and return it."""
        self.accounts[account.head.account_id] = account
        account.weight = weigh(account)
        self.weight += account.weight
        return account

    def _head(self, raw: bytes) -> Head | None:
        """Return an account's head; None for one that says that the account was removed."""
        head = _HEAD.decode(raw)
        if not head.removed:
            return head
        self.removals.note(head)
        return None

    def _decode(self, head: Head, head_bytes: int) -> Account:
        name = head.account_id
        raw = self._page(page_key(DAYS, name))
        days = Days(SCHEMA_VERSION, NO_STAMP) if raw is None else _DAYS.decode(raw)
        users = [self._users(head, key) for key in user_pages.keys(head)]
        recent = RecentIds(self._dedup_ms)
        stored = [self._decoded(_RECENT, page_key(RECENT, name, segment.number)) for segment in head.segments]
        recent.load(head.segments, [page for page in stored if page is not None])
        account = Account(head, days, users, recent)
        account.head_bytes, account.days_bytes = head_bytes, len(raw or b"")
        if head.stamp[0] != self.generation:
            account.offset = account.at_record = -1  # folded in a log that another has replaced
        account.garbage = user_pages.unnamed(head, self._pages.scan)
        erased.adopt(account)
        self._prepare(account)
        return account

    def _users(self, head: Head, key: bytes) -> Users:
        raw = self._page(key)
        if raw is None and head.user_keys:
            raise InvariantError(f"a page of {head.account_id} is missing: {key!r}")
        users = Users() if raw is None else users_of(_USERS.decode(raw))
        users.page_bytes = len(raw or b"")
        return users

    def _decoded(self, decoder: PageDecoder[Page], key: bytes) -> Page | None:
        raw = self._page(key)
        return None if raw is None else decoder.decode(raw)

    def new(self, account_id: str, today: int) -> Account:
        """Return an account that begins now; it is put on the shelf by `keep`."""
        head, days = new_account(account_id, today)
        account = Account(head, days, [Users()], RecentIds(self._dedup_ms))
        account.offset = account.at_record = -1
        self._prepare(account)
        return account

    def forget(self, account_id: str) -> None:
        """Drop an account from memory, so that its next touch loads what was flushed."""
        account = self.accounts.pop(account_id, None)
        self.weight -= 0 if account is None else account.weight
        self.removals.forget(account_id)

    def remove(self, account: Account, offset: int) -> None:
        """Take an account from the shelf that the record at an offset removes; its tombstones are written."""
        self.removals.add(account, (self.generation, offset))
        del self.accounts[account.head.account_id]
        self.weight -= account.weight

    def let_go(self, so_many_bytes: int, but: Container[str]) -> int:
        """Let accounts go from memory, those first that were written longest ago; return how many.

        They take so many bytes together, or a little more; those whose names are among `but` stay.
        """
        left, gone = so_many_bytes, list[str]()
        for name, account in self.accounts.items():
            if left <= 0:
                break
            if name not in but:
                gone.append(name)
                left -= account.weight
        for name in gone:
            account = self.accounts.pop(name)
            self.weight -= account.weight
            if account.shown_at:
                self.shown[name] = account.shown_at, account.shown
        return len(gone)

    def each(self) -> Iterator[Account]:
        """Yield every account of the partition that is there now, one after the other; those not in memory are loaded.

        Between two of them others may be written and let go.
        """
        names = dict.fromkeys(self.accounts)
        heads = [key for key, _page in self._pages.scan(HEADS_PREFIX)]
        heads += [key for key in self._in_flight if key.startswith(HEADS_PREFIX)]
        names.update(dict.fromkeys([key[len(HEADS_PREFIX) :].decode() for key in heads]))
        for name in names:
            account = self.load(name)
            if account is not None:
                yield account

    def groups(self, accounts: list[Account], meta: Meta, clock_ms: int) -> list[Group]:
        """Return the pages to write, an account's head in its last group, the meta page last of all.

        They are readable until the next call.
        """
        groups = [group for account in accounts for group in self._groups(account, clock_ms)]
        groups += self.removals.groups()
        groups.append([(META_KEY, encode_page(meta))])
        self._in_flight = {key: value for group in groups for key, value in group}
        return groups

    def _groups(self, account: Account, clock_ms: int) -> list[Group]:
        head, name = account.head, account.head.account_id
        stamp = head.stamp = (self.generation, account.offset)
        erased.settle(account)
        groups = user_pages.write(account, stamp)
        group = groups[-1]
        for number, page in account.recent.write(stamp, max(clock_ms, head.clock_ms)):
            group.append((page_key(RECENT, name, number), None if page is None else encode_page(page)))
        if account.days_dirty:
            raw = encode_page(self._days_page(account, stamp))
            account.days_bytes, account.days.sums = len(raw), {}  # made anew for each page
            group.append((page_key(DAYS, name), raw))
        head.episodes = tuple(account.episodes.values())
        head.parked = tuple(sorted(account.parked, key=repr)) if account.parked else ()
        head.segments = tuple(account.recent.segments)
        today = head.today
        head.sums_today = {name: m.cells[today] for name, m in account.metrics.items() if today in m.cells}
        raw = encode_page(head)
        group.append((page_key(HEAD, name), raw))
        self._written(account, len(raw))
        group += self.removals.deletions(name, (key for group in groups for key, _page in group))
        account.dirty = account.days_dirty = False
        return groups

    def _written(self, account: Account, head_bytes: int) -> None:
        """Put an account last among those that may be let go, and weigh it anew."""
        before, account.head_bytes = account.weight, head_bytes
        account.weight = weigh(account)
        self.weight += account.weight - before
        name = account.head.account_id
        del self.accounts[name]
        self.accounts[name] = account

    def _days_page(self, account: Account, stamp: Stamp) -> Days:
        days, today = account.days, account.head.today
        days.stamp = stamp
        days.sums = {
            name: (metric.first_day, {day: amount for day, amount in metric.cells.items() if day != today})
            for name, metric in account.metrics.items()
            if metric.first_day < NO_DAY  # the first day stays known when its cells have gone
        }
        return days
