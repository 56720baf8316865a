"""The flush: named stages in the one order in which a crash between any two loses nothing.

1. `ownership`: the partition is still ours, in the generation in which it was read.
2. `outputs`: all triggers, facts, letters and snapshots are with the broker.
3. `changelog`: the changed pages are with the broker, the partition's meta page last.
4. `store`: the same pages and their changelog offset are in RocksDB, in one write.
5. `offsets`: the input offsets are committed, never beyond what was flushed.

A crash after 2 repeats outputs with the same ids; after 3 or 4 a replay skips what the pages' stamps already hold.
Source: design (durability 2).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faust.types import TP

from services.signals.core.pages import NO_STAMP, stamp_of
from services.signals.delivery import Delivery
from services.signals.metrics import ACCOUNTS_BYTES, FLUSH_SECONDS, FLUSHES, STALE_PAGES, publish
from services.signals.owned import Owned
from services.signals.pace import pause_after
from services.signals.reader import Reader, now_ms
from services.signals.room import let_idle_go
from services.signals.settings import Settings
from services.signals.store import Page
from shared.io.logs import get_logger
from shared.kernel.errors import DependencyError, InvariantError

__all__ = ["STAGES", "Flush", "OwnershipLostError", "Stage", "Work"]

log = get_logger(__name__)


class OwnershipLostError(Exception):
    """The group has moved on: what was read is dropped, and whoever owns the partitions now reads it again."""


class Work:
    """One partition's part of one flush. Shape: `position` is the offset to commit, `end` the changelog's next."""

    def __init__(self, owned: Owned) -> None:
        self.owned = owned
        self.position = owned.committed
        self.groups: list[list[Page]] = []
        self.unacked: list[asyncio.Future[Any]] = []
        self.end: int | None = None
        self.stamp = NO_STAMP

    @property
    def live(self) -> bool:
        """Return whether the partition is still ours."""
        return not self.owned.closed


class Stage(NamedTuple):
    """A step of the flush."""

    name: str
    run: Callable[["Flush", list[Work]], Awaitable[None]]


async def check_ownership(flush: "Flush", work: list[Work]) -> None:
    """Drop what is not ours any more; ask the broker when it has not confirmed our membership lately."""
    generation = flush.consumer.current_generation()
    if lost := {each.owned.events for each in work if each.owned.generation != generation}:
        flush.drop(lost)
    if time.monotonic() - flush.proved_at > flush.proof_seconds:
        await flush.commit({each.owned.events: each.owned.committed for each in work if each.live})


async def deliver_outputs(flush: "Flush", work: list[Work]) -> None:
    """Take what is to be flushed, and wait until everything sent up to there is with the broker."""
    for each in work:
        if each.live and not each.owned.flushed:
            if not each.owned.behind:  # before the pages are taken, so that both do not hold the loop at once
                await flush.reader.show_one(each.owned)
            await flush.capture(each)
            let_idle_go(flush.reader.owned.values(), flush.accounts_bytes)
            await flush.reader.breathe(each.owned)
    await flush.delivery.confirm([delivery for each in work for delivery in each.unacked])


async def deliver_pages(flush: "Flush", work: list[Work]) -> None:
    """Append the pages to the changelog. Errors: `InvariantError` when somebody else has written to it."""
    sent = []
    for each in work:
        if each.live and each.groups:
            meta = each.groups[-1][-1][1]
            if meta is None:
                raise InvariantError("the last page of a flush must be the partition's meta page")
            each.stamp = stamp_of(meta)
            sent.append((each, await flush.delivery.send_pages(each.owned.changelog, each.groups, each.stamp)))
    for each, batches in sent:
        answers = await flush.delivery.confirm([batch.delivered for batch in batches])
        end = each.owned.end
        for batch, answer in zip(batches, answers, strict=True):
            end = _next_offset(each.owned, end, answer.offset) + batch.records
        each.end = each.owned.end = end


async def write_store(flush: "Flush", work: list[Work]) -> None:
    """Write the pages, as they are in the changelog, to the local store."""
    for each in work:
        started = time.perf_counter()
        if each.live and each.end is not None:
            each.owned.pages.write((page for group in each.groups for page in group), each.end - 1, each.stamp)
            flush.busy_seconds += time.perf_counter() - started
            await flush.reader.breathe(each.owned)


async def commit_offsets(flush: "Flush", work: list[Work]) -> None:
    """Commit the input offsets of what is now durable."""
    await flush.commit({each.owned.events: each.position for each in work if each.live})
    for each in work:
        each.owned.committed, each.owned.told = each.position, True


STAGES: tuple[Stage, ...] = (
    Stage("ownership", check_ownership),
    Stage("outputs", deliver_outputs),
    Stage("changelog", deliver_pages),
    Stage("store", write_store),
    Stage("offsets", commit_offsets),
)


class Flush:
    """Runs the stages, one flush at a time."""

    def __init__(self, settings: Settings, reader: Reader, delivery: Delivery) -> None:
        self.delivery = delivery
        self.reader = reader
        self.consumer: Any = None
        self.stages = STAGES
        self.proved_at = float("-inf")
        self.proof_seconds = settings.session_seconds / 2
        self.accounts_bytes = settings.accounts_bytes
        self.busy_seconds = 0.0  # how long the last flush has held the loop
        self._flush_seconds = settings.flush_seconds
        self._commit_seconds = settings.commit_seconds
        self._lock = asyncio.Lock()

    @property
    def pause_seconds(self) -> float:
        """How long to wait for the next flush: longer when many pages change, as each is then written less often."""
        return pause_after(self.busy_seconds, self._flush_seconds)

    async def run(self) -> None:
        """Flush all owned partitions. Errors: `DependencyError`, `InvariantError`; a lost group drops partitions."""
        async with self._lock:
            work = [Work(owned) for owned in self.reader.owned.values() if _is_due(owned)]
            self.busy_seconds = 0.0
            if not work:
                return
            FLUSHES.inc()
            try:
                for stage in self.stages:
                    started = time.perf_counter()
                    await stage.run(self, work)
                    FLUSH_SECONDS.labels(stage.name).observe(time.perf_counter() - started)
                ACCOUNTS_BYTES.set(sum(owned.engine.weight for owned in self.reader.owned.values()))
            except OwnershipLostError as error:
                log.warning("the group has moved on; what was not flushed is read again", why=str(error))
                self.drop(each.owned.events for each in work)

    def drop(self, tps: Iterable[TP]) -> None:
        """Let go of partitions that are not ours any more."""
        self.reader.halt("the group has moved on")
        self.reader.close(set(tps))

    async def capture(self, work: Work) -> None:
        """Take outputs, pages and position of one partition at one moment, and send the outputs.

        `sending` makes sure that no output taken before that moment is still on its way to `unacked`.
        """
        owned = work.owned
        async with owned.sending:
            work.position = owned.committed
            if owned.closed or owned.engine.needs_playbook() is not None:
                return
            started = time.perf_counter()  # no page goes before its snapshot, so both are taken here
            outputs = [*owned.engine.take_outputs(), *owned.take_snapshots(now_ms())]
            work.groups = owned.engine.take_dirty()
            self.busy_seconds += time.perf_counter() - started
            owned.unflushed_bytes = 0
            work.position = owned.next
            if work.groups:
                owned.pages.expect(page for group in work.groups for page in group)
                stale = owned.pages.stale()
                STALE_PAGES.inc(len(stale))
                work.groups = [*([page] for page in stale), *work.groups]
            publish(owned.engine.take_counts())
            await self.delivery.send(owned, outputs)
            work.unacked, owned.unacked = owned.unacked, []

    async def commit(self, offsets: dict[TP, int]) -> None:
        """Commit offsets, which also proves that this worker is a member of the group's present generation."""
        if not offsets:
            return
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(self._commit_seconds):
                await self.consumer.commit_offsets(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            raise OwnershipLostError(str(error)) from error
        except TimeoutError:
            raise DependencyError(f"offsets could not be committed within {self._commit_seconds:g} s") from None
        except KafkaError as error:
            raise DependencyError(f"the broker refused a commit: {error!r}") from error
        self.proved_at = asked_at


def _is_due(owned: Owned) -> bool:
    """Return whether there is something to flush or to commit, and the engine does not wait for a playbook.

    A worker that died before it committed may have left nothing else to do. While it waits, the record that names the
    playbook is folded, but does not hold yet; one that is not through with all accounts may be flushed in between.
    """
    return not (owned.flushed and owned.told) and owned.engine.needs_playbook() is None


def _next_offset(owned: Owned, expected: int | None, offset: int) -> int:
    if offset < 0:
        raise InvariantError(f"the broker did not say where the pages of {owned.changelog} are")
    if expected is not None and offset != expected:
        raise InvariantError(
            f"pages of {owned.changelog} were expected at {expected} and are at {offset}: another worker writes to it"
        )
    return offset
