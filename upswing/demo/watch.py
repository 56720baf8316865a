"""Reads `expansion.triggers` while the demo runs: what fired, what is held and why, what was released."""

import asyncio
from collections.abc import Callable
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from shared.io.kafka import connect_admin, make_consumer
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger

LOOK_SECONDS = 0.2


class TriggerWatch:
    """All trigger records so far, in the order in which they were read. Use it as an async context manager."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._bootstrap, self._topic = bootstrap, prefix + TRIGGERS.name
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self._more = asyncio.Condition()
        self.records: list[Trigger] = []

    async def __aenter__(self) -> Self:
        """Begin to read, from the beginning of the topic."""
        self._consumer = make_consumer(self._bootstrap, None, self._topic)
        await self._consumer.start()
        self._task = asyncio.create_task(self._read(self._consumer), name="watch triggers")
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()

    async def until(self, wanted: Callable[[Trigger], bool], since: int, seconds: float) -> Trigger | None:
        """Return the first record from number `since` on that is wanted, or None when the time is over."""
        found: Trigger | None = None

        def look() -> bool:
            nonlocal found
            found = next((record for record in self.records[since:] if wanted(record)), None)
            return found is not None

        try:
            async with asyncio.timeout(seconds), self._more:
                await self._more.wait_for(look)
        except TimeoutError:
            return None
        return found

    def latest(self) -> dict[str, Trigger]:
        """Return the newest record of each trigger."""
        return {record.trigger_id: record for record in self.records}

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            async with self._more:
                self.records.append(decode_trigger(record.value))
                self._more.notify_all()


async def until_drained(bootstrap: str, seconds: float, told: Callable[[int], None] = lambda _lag: None) -> int:
    """Return 0 when every consumer group has read all of its topics, else how many records still wait.

    Shape: `told` gets the number of waiting records at each look.
    """
    lag = quiet = 0
    try:
        async with asyncio.timeout(seconds):
            while quiet < 2:  # noqa: PLR2004 - twice nothing: what one group wrote has been read by the next
                lag = await _lag(bootstrap)
                told(lag)
                quiet = 0 if lag else quiet + 1
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return lag
    return 0


async def _lag(bootstrap: str) -> int:
    consumer = make_consumer(bootstrap, None)
    await consumer.start()
    try:
        async with connect_admin(bootstrap) as admin:
            lag = 0
            for group, _protocol in await admin.list_consumer_groups():
                offsets = await admin.list_consumer_group_offsets(group)
                ends = await consumer.end_offsets(list(offsets)) if offsets else {}
                lag += sum(max(0, ends[part] - max(0, at.offset)) for part, at in offsets.items())
            return lag
    except KafkaError:
        return 1  # a group that is just being balanced cannot be asked; look again
    finally:
        await consumer.stop()
