"""A partition that this worker owns: its engine, its view of the store, and how far each of its steps has come."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import Any, Protocol

from faust.types import TP

from services.signals.core.pages import Stamp
from services.signals.pace import pause_after
from services.signals.store import Page, PageStore
from shared.kernel.topics import Topic

MOST_SWEPT = 25  # accounts at once: to load and change them takes as long as a slice of events

__all__ = ["EngineLike", "OutputLike", "Owned", "Pages", "show_pause"]


class OutputLike(Protocol):
    """Something to deliver, already encoded."""

    @property
    def topic(self) -> Topic:
        """Return where to."""

    @property
    def key(self) -> bytes:
        """Return the record's key."""

    @property
    def value(self) -> bytes | None:
        """Return the record's value; None for a tombstone."""

    @property
    def partition(self) -> int | None:
        """Return the partition; None means: by the key."""


class EngineLike(Protocol):
    """What the shell needs of an engine; `core/engine.py` is the real one."""

    offset: int
    most_swept: int | None
    swept: int

    @property
    def weight(self) -> int:
        """Return about how many bytes the accounts in memory take."""

    @property
    def phase(self) -> str:
        """Return `backfill` while history is being loaded, else `live`."""

    @property
    def ticked_at(self) -> int:
        """Return the instant of the latest tick folded, 0 when there was none."""

    def fold_run(self, first: int, values: Sequence[bytes], now_ms: int) -> None:
        """Fold consecutive records of the input log from an offset on: `offset` tells how far.

        Up to one that needs a playbook, or that is not through after `most_swept` accounts; `swept` counts all of them.
        """

    def take_outputs(self) -> Iterable[OutputLike]:
        """Return what has to be delivered since the last call."""

    def take_snapshots(self, now_ms: int) -> Iterable[OutputLike]:
        """Return the snapshots that are due."""

    def take_dirty(self) -> list[list[Page]]:
        """Return the changed pages in atomic groups; the partition's meta page is in the last."""

    def let_go(self, so_many_bytes: int) -> None:
        """Let accounts go that are written, about so many bytes of them."""

    def take_counts(self) -> Counter[tuple[str, ...]]:
        """Return what happened since the last call."""

    def needs_playbook(self) -> str | None:
        """Return the version of a playbook without which nothing more can be folded."""

    def add_playbook(self, version: str, playbook: Any) -> None:
        """Take the playbook that was needed."""

    def refuse_playbook(self, why: str) -> None:
        """Go on without the playbook that was needed: its body cannot be used."""


class Pages:
    """The pages of one partition as they will be when the flush that is under way is through."""

    def __init__(self, store: PageStore, partition: int) -> None:
        self._store = store
        self._partition = partition
        self._ahead: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return a page."""
        if key in self._ahead:
            return self._ahead[key]
        return self._store.page(self._partition, key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give the pages whose keys begin with `prefix`, in the order of their keys."""
        ahead = {key: value for key, value in self._ahead.items() if key.startswith(prefix)}
        stored = self._store.scan(self._partition, prefix)
        if not ahead:
            return stored
        written = sorted((key, value) for key, value in ahead.items() if value is not None)
        return merge((page for page in stored if page[0] not in ahead), written)

    def expect(self, pages: Iterable[Page]) -> None:
        """Show pages that are on their way to the store."""
        self._ahead.update(pages)

    def write(self, pages: Iterable[Page], offset: int, stamp: Stamp) -> None:
        """Write the pages that were expected, with the changelog offset that holds them and the stamp of deletions."""
        self._store.write(self._partition, pages, offset, stamp)
        self._ahead.clear()

    def stale(self) -> list[Page]:
        """Return the pages that a late write has shadowed in the changelog."""
        return self._store.stale_pages(self._partition)


class Owned:
    """One owned partition. All of it is used from one event loop.

    Shape: `next` is the offset that must come next; `committed` the offset committed last, which the group has been
    `told` of by this worker; `end` the offset at which our next page will land in the changelog, None when unknown;
    `unacked` the deliveries of outputs that are not yet known to have succeeded; `owed` the end of the log when it was
    taken over: before that is folded nobody knows what time the log has; `unflushed_bytes` how much has been folded
    since the last flush; `snapshot_seconds` how long snapshots have held the loop since that was last asked; `behind`
    tells that a backlog is being folded. `closed` is set when the partition is lost: nothing of it may leave any more.
    """

    __slots__ = (
        "behind",
        "changelog",
        "closed",
        "committed",
        "end",
        "engine",
        "events",
        "generation",
        "highwater",
        "next",
        "owed",
        "pages",
        "sending",
        "snapshot_seconds",
        "ticked_ms",
        "told",
        "unacked",
        "unflushed_bytes",
    )

    def __init__(self, events: TP, changelog: TP, generation: int, engine: EngineLike, pages: Pages) -> None:
        self.events = events
        self.changelog = changelog
        self.generation = generation
        self.engine, engine.most_swept = engine, MOST_SWEPT
        self.pages = pages
        self.next = engine.offset + 1
        self.owed = 0
        self.committed = -1
        self.told = False
        self.end: int | None = None
        self.highwater = 0
        self.ticked_ms = 0
        self.unacked: list[asyncio.Future[object]] = []
        self.unflushed_bytes = 0
        self.snapshot_seconds = 0.0
        self.behind = False
        self.sending = asyncio.Lock()
        self.closed = False

    @property
    def partition(self) -> int:
        """Return the number of the partition."""
        return self.events.partition

    def take_snapshots(self, now_ms: int) -> list[OutputLike]:
        """Return the snapshots that are due."""
        started = time.perf_counter()
        snapshots = list(self.engine.take_snapshots(now_ms))
        self.snapshot_seconds += time.perf_counter() - started
        return snapshots

    @property
    def flushed(self) -> bool:
        """Tell whether all that has been folded is durable, also of a record at `next` that is not through."""
        return self.next == self.committed and not self.unacked and not self.unflushed_bytes

    @property
    def progress(self) -> tuple[int, int]:
        """Return what moves while anything is folded: the offset, or accounts that a record goes through."""
        return self.next, self.engine.swept

    @property
    def lag(self) -> int:
        """Return how many records of the log are still to be folded."""
        return max(0, self.highwater - self.next)


def show_pause(partitions: Iterable[Owned], usual_seconds: float) -> float:
    """Return how long to wait before snapshots are taken again: longer when the last ones have held the loop.

    It is longest in a backlog, where a snapshot of the past is outdated by what is folded next.
    """
    taken, behind = 0.0, False
    for owned in partitions:
        taken, owned.snapshot_seconds = taken + owned.snapshot_seconds, 0.0
        behind = behind or owned.behind
    return pause_after(float("inf") if behind else taken, usual_seconds)
