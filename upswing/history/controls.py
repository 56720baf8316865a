"""Writes control records straight into every partition of the input log: the clock of history, its begin and its end.

Source: design (backfill), definition 73.
"""

import asyncio
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError

from shared.io.kafka import make_consumer, make_producer
from shared.kernel.codec import encode_line
from shared.kernel.controls import Backfill, Control, Tick
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.topics import EVENTS

ACK_SECONDS = 30.0
NEW_LOG_SECONDS = 90.0
PAUSE_SECONDS = 0.5


class LogControls:
    """The control records of one log. Use it as an async context manager."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._topic = prefix + EVENTS.name
        self._producer: AIOKafkaProducer | None = None
        self._partitions: list[int] = []

    async def __aenter__(self) -> Self:
        """Connect. Errors: `DependencyError` when no broker or no topic is there."""
        producer = make_producer(self._bootstrap, linger_ms=0)
        try:
            await producer.start()
            self._partitions = sorted(await producer.partitions_for(self._topic))
        except KafkaError as error:
            await producer.stop()
            raise DependencyError(f"no Kafka broker answers at {self._bootstrap}: start it first ({error})") from error
        self._producer = producer
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def begin(self, at_ms: int) -> None:
        """Say that history begins. Errors: `ConfigurationError` when the log is no longer new (definition 73)."""
        records = await self._records()
        if records:
            raise ConfigurationError(
                f"the log already holds {records:,} records, and history can only be loaded into a new one: "
                "choose a new data folder, or another topic prefix"
            )
        await self._write(Backfill(at=at_ms, state="begin"))

    async def end(self, at_ms: int) -> None:
        """Say that history has ended."""
        await self._write(Backfill(at=at_ms, state="end"))

    async def tick(self, at_ms: int) -> None:
        """Tell the time of history."""
        await self._write(Tick(at=at_ms, live=False))

    async def _write(self, control: Control) -> None:
        producer = self._producer
        if producer is None:
            raise DependencyError("the log's controls are not connected")
        value = encode_line(control)
        try:
            async with asyncio.timeout(ACK_SECONDS):
                acks = [await producer.send(self._topic, value, partition=number) for number in self._partitions]
                await asyncio.gather(*acks)
        except (KafkaError, TimeoutError) as error:
            raise DependencyError(f"the broker at {self._bootstrap} did not take a control record: {error}") from error

    async def _records(self) -> int:
        """Return how many records the log holds. A broker that has just made its topics may not lead them yet."""
        consumer: AIOKafkaConsumer = make_consumer(self._bootstrap, None)
        try:
            await consumer.start()
            parts = [TopicPartition(self._topic, number) for number in self._partitions]
            async with asyncio.timeout(NEW_LOG_SECONDS):
                while True:
                    try:
                        first, last = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
                        return sum(last[part] - first[part] for part in parts)
                    except KafkaTimeoutError:
                        await asyncio.sleep(PAUSE_SECONDS)
        except (KafkaError, TimeoutError) as error:
            raise DependencyError(
                f"the broker at {self._bootstrap} does not say how long {self._topic} is: is the machine overloaded? "
                "Try again"
            ) from error
        finally:
            await consumer.stop()
