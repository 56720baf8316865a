"""Faust's consumer with our reading: whole fetched batches, our seeking, our committing.

Everything private that is overridden here belongs to Faust 0.15.3 and aiokafka 0.14 and is pinned by
`tests/unit/signals/test_faust_is_the_one_we_know.py`. Why each is replaced:

- `_drain_messages`: a plain agent skipped records after a restart, and costs 70 µs a record.
- `perform_seek`: reading goes on after the last record of the state, whatever was committed.
- recovery's queue: it loses records of a changelog when a rebalance interrupts it, and swallows the store's errors.
- `on_start`: aiokafka's object for each record costs more than decoding the event in it (`fetching`).
- `_create_worker_consumer`: Faust hard-codes a fetch wait of 1.5 s, so idle partitions stall busy ones, and it reads
  records of transactions that are open or were aborted; asyncio's reader copies what a broker answers (`frames`).
- `verify_event_path`: it watches streams, of which there are none; `watchdog` does it.

Source: design (durability 2; throughput), reliability section 1.
"""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError
from aiokafka.structs import OffsetAndMetadata
from faust.tables.recovery import Recovery
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from services.signals.fates import leave
from services.signals.fetching import Fetched, hand_out_parts
from services.signals.frames import read_frames
from services.signals.gaps import COMMITTED
from services.signals.metrics import PAGES_RESTORED
from services.signals.store import PageStore
from shared.io.logs import get_logger
from shared.kernel.errors import ConfigurationError, InvariantError

__all__ = ["BatchReader", "SignalsConsumer", "SignalsTransport"]

IDLE_SECONDS = 0.05
FETCH_SECONDS = 1.0
Records = Mapping[TP, list[Any]]

log = get_logger(__name__)


class BatchReader(Protocol):
    """What the consumer hands its batches to."""

    events_topic: str
    changelog_topic: str
    fetch_wait_ms: int

    async def take(self, fetched: Mapping[TP, Fetched]) -> None:
        """Fold the records of the input log."""

    async def own(self, generation: int) -> dict[TP, int]:
        """Make the assigned partitions ours and return where to read on; called when their pages are recovered."""

    def positions(self) -> dict[TP, int]:
        """Return the next offset of each owned partition."""

    def check_changelog(self, ends: Mapping[TP, int], begins: Mapping[TP, int]) -> None:
        """Look at the changelog before recovery begins."""


class SignalsThread(driver.AIOKafkaConsumerThread):
    """The thread in which aiokafka's consumer lives."""

    app: Any

    async def on_start(self) -> None:
        """Start aiokafka's consumer; the input log is read by record batches."""
        await super().on_start()
        hand_out_parts(self._ensure_consumer()._fetcher, self.app.reader.events_topic)  # noqa: SLF001 - not public

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = self.app.reader.fetch_wait_ms  # noqa: SLF001 - Faust gives no way to set it
        consumer._isolation_level = COMMITTED  # noqa: SLF001 - nor this; what was aborted must not be folded
        read_frames(consumer._client)  # noqa: SLF001 - nor its connections
        return consumer


class SignalsConsumer(driver.Consumer):
    """Reads whole batches: events to the reader, changelog records to the store.

    Shape: `seeks` counts changes of position. A fetch that straddles one may hold records from before it, so it is
    thrown away and its partitions are sought again.
    """

    app: Any  # `SignalsApp`, which imports this module
    seeks = 0

    def _new_consumer_thread(self) -> SignalsThread:
        return SignalsThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._drain_once()
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except Exception as error:  # noqa: BLE001 - fate: exit; Faust would log it and stand still
            leave(error)

    async def _drain_once(self) -> None:
        if not self.flow_active:
            await self.wait(cast("Any", self.can_resume_flow))
            return
        active = set(self._get_active_partitions())  # a copy: Faust's set is emptied in mid-fetch, which means "all"
        if not active:
            await self.sleep(IDLE_SECONDS)
            return
        seeks = self.seeks
        records = await self._getmany(active_partitions=active, timeout=FETCH_SECONDS)
        if not records:
            return
        if seeks != self.seeks:
            await self._seek_again(set(records))
            return
        if self.suspend_flow.is_set():
            return  # whoever stopped the flow seeks before it is resumed
        topic = self.app.reader.events_topic
        self._restore({tp: batch for tp, batch in records.items() if tp.topic != topic})
        await self.app.reader.take({TP(*tp): Fetched(parts) for tp, parts in records.items() if tp.topic == topic})

    async def _seek_again(self, tps: set[TP]) -> None:
        recovering = self.app.tables.recovery.active_offsets
        wanted = {
            tp: offset + 1 for tp, offset in recovering.items() if offset is not None
        } | self.app.reader.positions()
        assigned = self.assignment()
        try:
            await self.seek_wait({TP(*tp): wanted[tp] for tp in tps if tp in wanted and tp in assigned})
        except IllegalStateError:
            log.info("the group rebalances again; its recovery will seek", partitions=len(tps))

    def _restore(self, records: Records) -> None:
        """Give changelog records to the store and tell Faust's recovery how far it is."""
        recovery: Recovery = self.app.tables.recovery
        store: PageStore = self.app.pages.data
        if not self.app.reader.halted:
            return  # our own pages, coming back
        for tp, batch in records.items():
            if tp in recovery.active_tps:
                store.recover(tp.partition, batch)
                PAGES_RESTORED.inc(len(batch))
                recovery.active_offsets[TP(*tp)] = batch[-1].offset
        if records and not recovery.need_recovery():
            recovery.signal_recovery_end.set()

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the ends of partitions; the changelog's are looked at on the way, and where it begins."""
        ends: Mapping[TP, int] = await super().highwaters(*partitions)
        reader = self.app.reader
        changelog = [tp for tp in partitions if tp.topic == reader.changelog_topic]
        begins = await self.earliest_offsets(*changelog) if changelog else {}
        try:
            reader.check_changelog(ends, begins)
        except (ConfigurationError, InvariantError) as error:
            leave(error)
        return ends

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek, and make fetches that are under way worthless; what an earlier recovery signalled is forgotten."""
        self.seeks += 1
        self.app.tables.recovery.signal_recovery_end.clear()
        try:
            await super().seek_wait(partitions)
        finally:
            self.seeks += 1

    async def perform_seek(self) -> None:
        """Seek the input partitions to where the recovered state ends. Called by Faust when recovery is over."""
        try:
            positions = await self.app.reader.own(self.app.consumer_generation_id)
            await self.seek_wait(positions)
        except Exception as error:  # noqa: BLE001 - fate: exit; without a position nothing may be read
            leave(error)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: `watchdog` looks after progress."""

    def current_generation(self) -> int:
        """Return the group's generation as aiokafka knows it now; below zero when this worker is no member."""
        generation: int = self._thread._ensure_consumer()._coordinator.generation  # noqa: SLF001 - not public
        return generation

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> None:
        """Commit the next offsets to read. Errors: `CommitFailedError` when the group has moved on; `KafkaError`."""
        await self._thread.call_thread(self._commit_in_thread, offsets)

    async def _commit_in_thread(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001 - not public
        await consumer.commit({TopicPartition(*tp): OffsetAndMetadata(offset, "") for tp, offset in offsets.items()})

    def check_copartitioned(self, events: str, changelog: str) -> set[int]:
        """Return the assigned partitions of the input. Errors: `InvariantError` when their pages went elsewhere."""
        assigned = self.assignment()
        partitions = {tp.partition for tp in assigned if tp.topic == events}
        pages = {tp.partition for tp in assigned if tp.topic == changelog}
        if partitions != pages:
            raise InvariantError(
                f"assigned partitions {sorted(partitions)} of {events}, but {sorted(pages)} of {changelog}"
            )
        return partitions


class SignalsTransport(driver.Transport):
    """Faust's transport with our consumer."""

    Consumer = SignalsConsumer
