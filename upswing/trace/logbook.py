"""Reading topics from outside of every group: from an instant on, up to what is there now.

Nothing is committed, so looking never disturbs a service; what a transaction has aborted is not shown. Each reading has
a consumer of its own, assigned once: the fetcher of aiokafka 0.14 takes its cancellation for that of an older fetch
when it is stopped soon after a second assignment, and `stop` then waits for ever.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.io.kafka import connect_admin, make_consumer
from shared.kernel.errors import DependencyError

Wanted = Callable[[bytes], bool]
STALL_SECONDS = 30.0
STOP_SECONDS = 5.0
RETRY_SECONDS = 0.1
POLL_MS = 500


class Logbook:
    """What topics hold now. Use it as an async context manager. Units: `stall_seconds` without any progress end it.

    Errors: `DependencyError`, one sentence, when there is no broker, or it stops answering.
    """

    def __init__(self, bootstrap: str, prefix: str = "", *, stall_seconds: float = STALL_SECONDS) -> None:
        self._bootstrap, self._prefix, self._stall_seconds = bootstrap, prefix, stall_seconds
        self._opened = contextlib.AsyncExitStack()
        self._admin: AIOKafkaAdminClient
        self._scout: AIOKafkaConsumer  # asks for offsets, and is never assigned anything

    async def __aenter__(self) -> Self:
        """Connect."""
        try:
            self._admin = await self._opened.enter_async_context(connect_admin(self._bootstrap))
            self._scout = await self._opened.enter_async_context(self._connected())
        except BaseException:
            await self._opened.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._opened.aclose()

    async def partitions(self, topic: str) -> list[int]:
        """Return the partitions of a topic. Errors: `DependencyError` when there is no such topic."""
        name = self._prefix + topic
        with self._in_words(f"for topic {name}"):
            async with asyncio.timeout(self._stall_seconds):
                if name not in await self._admin.list_topics():  # to describe a topic could create it
                    raise DependencyError(f"there is no topic {name} at {self._bootstrap}: run `upswing topics create`")
                (described,) = await self._admin.describe_topics([name])
        return sorted(row["partition"] for row in described["partitions"])

    async def ends(self, topic: str) -> dict[int, int]:
        """Return the offset that each partition of a topic would give its next record."""
        partitions = await self.partitions(topic)
        with self._in_words(f"for offsets of topic {self._prefix + topic}"):
            async with asyncio.timeout(self._stall_seconds):
                found = await self._scout.end_offsets([TopicPartition(self._prefix + topic, n) for n in partitions])
        return {tp.partition: end for tp, end in found.items()}

    async def read(
        self, topic: str, partitions: Iterable[int], since_ms: int, wanted: Wanted = lambda _value: True
    ) -> AsyncGenerator[Any, None]:
        """Yield the records since an instant (0: all) whose value is wanted, up to the end as it is now."""
        name = self._prefix + topic
        with self._in_words(f"for offsets of topic {name}"):
            async with asyncio.timeout(self._stall_seconds):
                spans = await self._spans([TopicPartition(name, number) for number in partitions], since_ms)
        if not spans:
            return
        async with self._connected() as consumer:
            consumer.assign(list(spans))
            for tp, (start, _end) in spans.items():
                consumer.seek(tp, start)
            left = {tp: end for tp, (_start, end) in spans.items()}
            while left:
                with self._in_words(f"while topic {name} was read"):
                    records = await self._more(consumer, left)
                for record in records:
                    if wanted(record.value or b""):
                        yield record

    async def committed(self, group: str, topic: str, partition: int) -> int:
        """Return up to which offset a group is through with a partition; 0 when it has not begun."""
        tp = TopicPartition(self._prefix + topic, partition)
        with self._in_words(f"for the offsets of group {self._prefix + group}"):
            async with asyncio.timeout(self._stall_seconds):
                offsets = await self._group_offsets(self._prefix + group)
        found = offsets.get(tp)
        return 0 if found is None else max(0, found.offset)

    async def behind(self, group: str, topic: str, ends: Mapping[int, int]) -> int:
        """Return how many records before given ends of a topic's partitions a group is not yet through with."""
        name = self._prefix + topic
        with self._in_words(f"for the offsets of group {self._prefix + group}"):
            async with asyncio.timeout(self._stall_seconds):
                offsets = await self._group_offsets(self._prefix + group)
        through = {tp.partition: max(0, found.offset) for tp, found in offsets.items() if tp.topic == name}
        return sum(max(0, end - through.get(partition, 0)) for partition, end in ends.items())

    async def _group_offsets(self, group: str) -> dict[TopicPartition, Any]:
        while True:
            try:
                found: dict[TopicPartition, Any] = await self._admin.list_consumer_group_offsets(group)
            except KafkaError as error:
                if not error.retriable:
                    raise
                await asyncio.sleep(RETRY_SECONDS)  # a broker that has just started has no coordinator yet
            else:
                return found

    async def _spans(self, tps: list[TopicPartition], since_ms: int) -> dict[TopicPartition, tuple[int, int]]:
        """Return from where to where each partition is to be read; those with nothing to read are left out."""
        ends = await self._scout.end_offsets(tps)
        if since_ms:
            found = await self._scout.offsets_for_times(dict.fromkeys(tps, since_ms))
            begins = {tp: first.offset for tp, first in found.items() if first is not None}
        else:
            begins = await self._scout.beginning_offsets(tps)
        return {tp: (begins[tp], ends[tp]) for tp in tps if tp in begins and begins[tp] < ends[tp]}

    async def _more(self, consumer: AIOKafkaConsumer, left: dict[TopicPartition, int]) -> list[Any]:
        """Return the next records before the ends of what is left, and take out of it what is through."""
        deadline = time.monotonic() + self._stall_seconds
        async with asyncio.timeout(self._stall_seconds + POLL_MS / 1000):
            while time.monotonic() < deadline:
                # all partitions are asked for: what is left in the buffer for one of them would stop the others
                found = await consumer.getmany(timeout_ms=POLL_MS)
                records = [record for tp in left for record in found.get(tp, ()) if record.offset < left[tp]]
                through = [tp for tp, end in left.items() if await consumer.position(tp) >= end]
                for tp in through:
                    del left[tp]
                if records or through:
                    return records
        raise TimeoutError

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[AIOKafkaConsumer]:
        """Give a consumer that has started, and stop it whatever happens, a start that fails included."""
        consumer = make_consumer(self._bootstrap, None, isolation_level="read_committed")
        try:
            with self._in_words("when it was asked for its topics"):
                await consumer.start()
            await asyncio.sleep(0)  # its tasks must have begun: to stop it before they have raises CancelledError
            yield consumer
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await consumer.stop()

    @contextlib.contextmanager
    def _in_words(self, asked: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise DependencyError(
                f"the Kafka broker at {self._bootstrap} stopped answering {asked} for {self._stall_seconds:g} s: is it "
                "overloaded or frozen? Look at its log"
            ) from None
        except (KafkaError, OSError) as error:
            raise DependencyError(f"the Kafka broker at {self._bootstrap} failed {asked}: {error!r}") from error
