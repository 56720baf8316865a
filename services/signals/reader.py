"""The reader: takes over partitions, folds whole fetched batches, and sends what they cause at once.

Offsets are contiguous within a partition but for what transactions leave (`gaps`); with stamps a skipped record would
be lost for good, so it is a broken invariant. Source: design (durability 2), `consumer` for where batches come from.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from faust.types import TP

from services.signals import metrics
from services.signals.delivery import Delivery
from services.signals.fetching import Fetched
from services.signals.gaps import Gaps
from services.signals.owned import EngineLike, Owned, Pages
from services.signals.playbooks import Playbooks
from services.signals.room import fits
from services.signals.saying import say
from services.signals.settings import Settings
from services.signals.store import PageStore
from services.signals.stretches import Slices
from shared.io.logs import get_logger
from shared.io.readiness import Readiness
from shared.kernel.errors import ConfigurationError, InvariantError
from shared.kernel.playbook import Playbook
from shared.kernel.topics import CHANGELOG, EVENTS

__all__ = ["EngineFactory", "Reader", "now_ms"]

EngineFactory = Callable[[int, int, str, bool, Playbook, Pages], EngineLike]
ASSIGNED, RECOVERED = "assigned", "recovered"
ROOM_SECONDS, BREATH_SECONDS = 0.005, 0.002  # the latter: enough for an event to come in and its trigger to go out

log = get_logger(__name__)


def now_ms() -> int:
    """Return the wall clock. This module and the timers are the edge: the core gets time as an argument."""
    return time.time_ns() // 1_000_000


class Reader:
    """The owned partitions and everything that happens to them between the log and the flush.

    Shape: `consumer` and `store` are given by the app; `epoch` is the id of the input topic; `full` is set when a
    partition waits to be flushed.
    """

    def __init__(
        self, settings: Settings, engine: EngineFactory, delivery: Delivery, playbooks: Playbooks, readiness: Readiness
    ) -> None:
        self.events_topic = settings.topic_prefix + EVENTS.name
        self.changelog_topic = settings.topic_prefix + CHANGELOG.name
        self.fetch_wait_ms = settings.fetch_wait_ms
        self.owned: dict[TP, Owned] = {}
        self.epoch = ""
        self.consumer: Any = None
        self.store: PageStore | None = None
        self.halted, self.full = True, asyncio.Event()
        self._settings, self._engine, self._delivery = settings, engine, delivery
        self._playbooks, self._readiness = playbooks, readiness
        self.gaps = Gaps(settings.kafka, settings.delivery_seconds)
        self._ends: dict[TP, int] = {}
        self._slices = Slices(settings.slice_ms)
        readiness.expect(ASSIGNED, "waiting for the group")
        readiness.expect(RECOVERED, "waiting for pages")

    def positions(self) -> dict[TP, int]:
        """Return the next offset of each owned partition."""
        return {tp: owned.next for tp, owned in self.owned.items()}

    def check_changelog(self, ends: Mapping[TP, int], begins: Mapping[TP, int]) -> None:
        """Remember the changelog's ends. Errors: `InvariantError` when the local store is ahead of the changelog.

        `ConfigurationError` when records that the store does not hold were removed from its head: compaction leaves a
        partition's beginning where it is, so pages are lost.
        """
        for tp, end in ends.items():
            if tp.topic != self.changelog_topic or self.store is None:
                continue
            self._ends[TP(*tp)] = end
            persisted = self.store.persisted_offset(tp)
            if persisted is not None and persisted >= end:
                self.store.condemn(tp.partition)
                raise InvariantError(
                    f"the local store of partition {tp.partition} is at {persisted}, the changelog ends at {end}"
                )
            following, begin = (-1 if persisted is None else persisted) + 1, begins.get(tp, 0)
            if begin > following and not self._settings.accept_lost_records:
                raise ConfigurationError(
                    f"the changelog of partition {tp.partition} begins at {begin}, but {following} is to be restored "
                    "next: pages were removed. Its topic must be compacted only (`upswing topics check`); to fold what "
                    "is left of the log anew remove it and the local store, to go on without the lost pages set "
                    "UPSWING_SIGNALS_ACCEPT_LOST_RECORDS=true"
                )

    async def own(self, generation: int) -> dict[TP, int]:
        """Make the assigned partitions ours, from their recovered pages; return where to read on.

        Errors: `ConfigurationError` when the pages are another log's, or the log no longer has what should come next.
        """
        if self.store is None:
            raise RuntimeError("the store comes first")
        partitions = self.consumer.check_copartitioned(self.events_topic, self.changelog_topic)
        tps = {TP(self.events_topic, partition) for partition in partitions}
        earliest = await self.consumer.earliest_offsets(*tps) if tps else {}
        ends = await self.consumer.highwaters(*tps) if tps else {}
        self.close(set(self.owned))
        self.halted = False
        for tp in sorted(tps):
            owned = self._take_over(tp, generation, self.store)
            owned.next = self._start(owned, earliest[tp], ends[tp])
            owned.committed = owned.next
            owned.highwater = owned.owed = ends[tp]
            await self._supply(owned)
            self.owned[tp] = owned
        metrics.PARTITIONS_OWNED.set(len(self.owned))
        self._say_ready()
        log.info("partitions are ours", partitions=sorted(partitions), generation=generation)
        return self.positions()

    def close(self, tps: set[TP]) -> None:
        """Let partitions go: nothing of them may leave any more, and their engines are dropped."""
        for tp in tps:
            owned = self.owned.pop(tp, None)
            if owned is not None:
                owned.closed = True
        metrics.PARTITIONS_OWNED.set(len(self.owned))

    def halt(self, why: str) -> None:
        """Fold nothing more, and be not ready, until partitions have been taken over again."""
        self.halted = True
        self._readiness.fail(RECOVERED, why)

    async def take(self, fetched: Mapping[TP, Fetched]) -> None:
        """Fold fetched batches of the input log. Errors: `InvariantError` at a gap with records in it."""
        for tp, batch in fetched.items():
            owned = self.owned.get(tp)
            if owned is not None:
                metrics.BATCH_RECORDS.observe(len(batch))
                await self._fold(owned, batch)

    async def _wait_for_room(self, owned: Owned, size: int) -> float:
        """Let the flush catch up; return the seconds that it took."""
        began, most = time.perf_counter(), self._settings.accounts_bytes
        while not (owned.closed or self.halted or fits(owned, self.owned.values(), size, most)):
            self.full.set()
            await asyncio.sleep(ROOM_SECONDS)
        metrics.WAITED_SECONDS.inc(waited := time.perf_counter() - began)
        return waited

    async def send_outputs(self, owned: Owned) -> None:
        """Send what folding has caused, before anybody else can."""
        async with owned.sending:
            if not owned.closed:
                outputs = list(owned.engine.take_outputs())
                say(outputs)
                await self._delivery.send(owned, outputs)

    async def show(self) -> None:
        """Send the snapshots that are due, also where nothing new is folded; in a backlog the flush sends enough."""
        for owned in [each for each in self.owned.values() if not each.behind]:
            await self.show_one(owned)

    async def show_one(self, owned: Owned) -> None:
        """Send the snapshots of one partition that are due."""
        async with owned.sending:
            if not owned.closed and owned.engine.needs_playbook() is None:
                await self._delivery.send(owned, owned.take_snapshots(now_ms()))
        await self.breathe(owned)

    async def breathe(self, owned: Owned) -> None:
        """Let what has waited be folded and sent, unless there is a backlog: then it would be a great deal."""
        if not owned.behind:
            await asyncio.sleep(BREATH_SECONDS)

    async def _fold(self, owned: Owned, batch: Fetched) -> None:
        """Fold a batch, stretch by stretch; in between everybody else has a turn."""
        started = time.perf_counter()
        stretches, owned.behind = self._slices.of(batch.size())
        while (position := batch.place(owned.next)) < len(batch):
            offset = batch.offset(position)
            if offset > owned.next and not self.halted:  # halted, the rest of a batch before may be left out
                await self.gaps.pass_to(owned, offset, batch.last)
            values = stretches.cut(batch, position)
            started += await self._wait_for_room(owned, batch.size(position, position + len(values)))
            if owned.closed or self.halted:
                return
            seconds = self._fold_stretch(owned, offset, values)
            stretches.took(folded := batch.size(position, batch.place(owned.next)), seconds)
            owned.unflushed_bytes += max(folded, 1)
            await self._supply(owned)
            owned.next = owned.engine.offset + 1  # a playbook may not be through with all accounts
            metrics.RECORDS.inc(owned.next - offset)
            await self.send_outputs(owned)
            await asyncio.sleep(0)
        owned.behind = owned.behind and owned.next < owned.highwater
        metrics.FOLD_SECONDS.observe(time.perf_counter() - started)
        metrics.AGE_SECONDS.observe(max(0, now_ms() - batch.timestamp_ms) / 1000)

    def _fold_stretch(self, owned: Owned, offset: int, values: list[bytes]) -> float:
        """Fold consecutive records up to one that waits for a playbook; return the seconds that it took."""
        started = time.perf_counter()
        owned.engine.fold_run(offset, values, now_ms())
        owned.next = owned.engine.offset + 1
        return time.perf_counter() - started

    async def _supply(self, owned: Owned) -> None:
        while (version := owned.engine.needs_playbook()) is not None:
            await self._playbooks.supply(owned.engine, version)

    def _take_over(self, tp: TP, generation: int, store: PageStore) -> Owned:
        pages = Pages(store, tp.partition)
        count = self._delivery.partitions(EVENTS)
        adopt = self._settings.adopt_log == self.epoch
        engine = self._engine(tp.partition, count, self.epoch, adopt, self._playbooks.initial, pages)
        changelog = TP(self.changelog_topic, tp.partition)
        owned = Owned(tp, changelog, generation, engine, pages)
        owned.end = self._ends.get(changelog)
        return owned

    def _start(self, owned: Owned, earliest: int, end: int) -> int:
        """Return where to read on: after the last record of the state.

        Not at the committed offset: the meta page is the last of a flush and outputs go before it, so all before it is
        done; what was committed only tells monitors how far that is.
        """
        following = owned.engine.offset + 1
        if following > end:
            raise ConfigurationError(
                f"the log of {owned.events} ends at {end}, but {following} was to come next: the broker has lost "
                "records. Restore them, or remove the changelog and the local store to fold what is left anew"
            )
        if 0 < following < earliest and not self._settings.accept_lost_records:
            raise ConfigurationError(
                f"the log of {owned.events} begins at {earliest}, but {following} is next: {earliest - following} "
                "records were removed before they were folded. To go on without them set "
                "UPSWING_SIGNALS_ACCEPT_LOST_RECORDS=true"
            )
        return max(following, earliest)

    def _say_ready(self) -> None:
        self._readiness.ok(RECOVERED)
        if self.owned:
            self._readiness.ok(ASSIGNED)
        else:
            self._readiness.fail(ASSIGNED, "no partition is assigned to this worker")
