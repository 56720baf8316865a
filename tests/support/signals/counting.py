"""An engine with an exact answer: it counts events per account, in pages that must never disagree.

Each account has a *head* page (its count), a *spread* page (the same events by kind) and, at times, an *extra* page,
which is deleted and made again, so that tombstones travel too; they are one atomic group. A line with `bulk` gives its
account a *bulk* page of that many bytes. Every `EVERY`th event of an
account makes a trigger with a name that only depends on the log.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from services.signals.core.pages import META_KEY, NO_STAMP, SCHEMA_VERSION, Stamp
from shared.kernel.errors import ConfigurationError
from shared.kernel.topics import SNAPSHOTS, TRIGGERS, Topic

EVERY = 20
EXTRA_EVERY = 7
KINDS = 5

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list).decode
_line = msgspec.json.Decoder(dict).decode


class Reads(Protocol):
    """The pages of one partition."""

    def get(self, key: bytes) -> bytes | None:
        """Return a page."""

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give pages in order."""


class Counted(msgspec.Struct):
    """One output."""

    topic: Topic
    key: bytes
    value: bytes
    partition: int | None = None


class Account(msgspec.Struct):
    """One account in memory."""

    count: int
    spread: list[int]
    stamp: Stamp
    bulk: int = 0


def head_key(account: str) -> bytes:
    """Return the key of the page with the account's count."""
    return b"h\0" + account.encode()


def spread_key(account: str) -> bytes:
    """Return the key of the page with the counts by kind."""
    return b"s\0" + account.encode()


def extra_key(account: str) -> bytes:
    """Return the key of the page that is there only at times."""
    return b"x\0" + account.encode()


def has_extra(count: int) -> bool:
    """Return whether an account with this many events has its extra page."""
    return count // EXTRA_EVERY % 2 == 1


class CountingEngine:
    """Counts; the protocol is that of the real engine."""

    def __init__(self, partition: int, _partitions: int, epoch: str, adopt: bool, _playbook: Any, pages: Reads) -> None:
        self.offset = -1
        self.phase: Literal["live", "backfill"] = "live"
        self.ticked_at = 0
        self._partition = partition
        self._pages = pages
        self._logs: list[str] = []
        self._accounts: dict[str, Account] = {}
        self._dirty: set[str] = set()
        self._changed: set[str] = set()
        self._outputs: list[Counted] = []
        self._counts: Counter[tuple[str, ...]] = Counter()
        meta = pages.get(META_KEY)
        if meta is not None:
            _version, (_generation, offset), logs, self.ticked_at = _decode(meta)
            self._logs = logs
            if logs[-1] == epoch:
                self.offset = offset
            elif not adopt:
                raise ConfigurationError(f"the state was built on the log {logs[-1]}, and this is {epoch}")
        if not self._logs or self._logs[-1] != epoch:
            self._logs = [*self._logs, epoch]
        self._generation = len(self._logs) - 1
        self._moved = False

    def fold_run(self, first: int, values: Sequence[bytes], _now_ms: int) -> None:
        """Count the lines of records."""
        for offset, value in enumerate(values, first):
            self._fold(offset, value)

    def _fold(self, offset: int, value: bytes) -> None:
        stamp = (self._generation, offset)
        if offset > self.offset:
            self.offset = offset
            self._moved = True
        skipped: dict[str, bool] = {}
        for raw in value.splitlines():
            line = _line(raw)
            if line.get("type") == "control.tick":
                self.ticked_at = max(self.ticked_at, line["at"])
                continue
            self._count(line, stamp, skipped)

    def _count(self, line: dict[str, Any], stamp: Stamp, skipped: dict[str, bool]) -> None:
        name = line["account_id"]
        account = self._account(name)
        if skipped.setdefault(name, account.stamp >= stamp):
            return
        account.stamp = stamp
        account.count += 1
        account.spread[line["kind"]] += 1
        account.bulk = line.get("bulk", 0)
        self._dirty.add(name)
        self._changed.add(name)
        self._counts["in", "counted"] += 1
        if account.count % EVERY == 0:
            self._outputs.append(Counted(TRIGGERS, name.encode(), f"{name}:{account.count}".encode()))

    def _account(self, name: str) -> Account:
        account = self._accounts.get(name)
        if account is None:
            head, spread = self._pages.get(head_key(name)), self._pages.get(spread_key(name))
            if head is None:
                account = Account(0, [0] * KINDS, NO_STAMP)
            else:
                assert spread is not None, "a head page without its spread page"
                (_v, stamp, count), (_w, _s, cells) = _decode(head), _decode(spread)
                assert sum(cells) == count, "two pages of one account disagree"
                account = Account(count, cells, (stamp[0], stamp[1]))
            self._accounts[name] = account
        return account

    def take_outputs(self) -> list[Counted]:
        """Return the triggers since the last call."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def take_snapshots(self, _now_ms: int) -> list[Counted]:
        """Return the counts of changed accounts."""
        changed, self._changed = self._changed, set()
        return [Counted(SNAPSHOTS, name.encode(), b"%d" % self._accounts[name].count) for name in sorted(changed)]

    def take_dirty(self) -> list[list[tuple[bytes, bytes | None]]]:
        """Return changed pages, the meta page last."""
        if not self._moved:
            return []
        groups = [self._pages_of(name) for name in sorted(self._dirty)]
        self._dirty.clear()
        self._moved = False
        meta = _encode([SCHEMA_VERSION, (self._generation, self.offset), self._logs, self.ticked_at])
        groups.append([(META_KEY, meta)])
        return groups

    def _pages_of(self, name: str) -> list[tuple[bytes, bytes | None]]:
        account = self._accounts[name]
        extra = _encode([SCHEMA_VERSION, account.stamp, account.count]) if has_extra(account.count) else None
        bulk = [(b"b\0" + name.encode(), _encode([SCHEMA_VERSION, account.stamp, bytes(account.bulk)]))]
        return [
            *(bulk if account.bulk else []),
            (spread_key(name), _encode([SCHEMA_VERSION, account.stamp, account.spread])),
            (extra_key(name), extra),
            (head_key(name), _encode([SCHEMA_VERSION, account.stamp, account.count])),
        ]

    most_swept: int | None = None  # nothing sweeps accounts here, and none is let go
    weight = swept = 0

    def let_go(self, _so_many_bytes: int) -> None:
        """Let nothing go."""

    def take_counts(self) -> Counter[tuple[str, ...]]:
        """Return what happened since the last call."""
        counts, self._counts = self._counts, Counter()
        return counts

    def needs_playbook(self) -> str | None:
        """Return None: counting needs no playbook."""
        return None

    def add_playbook(self, version: str, playbook: Any) -> None:
        """Never called."""

    def refuse_playbook(self, why: str) -> None:
        """Never called."""
