"""Watches the sources: follows what all ingest processes tally, and writes `control.source` when one falls silent.

Several processes see the same; the first claim in the topic decides who writes. Source: playbook section 7
(`source_silent`), definition 41.
"""

import asyncio
import time
from collections.abc import Callable

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from services.ingest.core.silence import Yardstick
from services.ingest.core.sources import Sources, control_of
from services.ingest.metrics import Metrics
from shared.io.kafka import make_consumer, make_producer, stop_in_time
from shared.io.logs import get_logger
from shared.kernel.codec import encode_line
from shared.kernel.playbook.risk import SourceSilent
from shared.kernel.tallies import SourceTally, decode_tally, encode_tally, tally_key
from shared.kernel.topics import EVENTS, TALLIES

__all__ = ["SourceWatch"]

PAUSE_SECONDS = 1.0
PARTITION = 0  # of the topic `ingest.tallies`, which has one
log = get_logger(__name__)


class SourceWatch:
    """The watch of one process. Shape: `valid` names the sources that have a write key now."""

    def __init__(
        self, bootstrap: str, prefix: str, rule: SourceSilent, process: str, valid: Callable[[], frozenset[str]]
    ) -> None:
        self._bootstrap = bootstrap
        self._place = TopicPartition(prefix + TALLIES.name, PARTITION)
        self._events = prefix + EVENTS.name
        self._enabled = rule.enabled
        self._yardstick = Yardstick(rule.days, rule.silent_hours, rule.missed_events, rule.pauses)
        self._process = process
        self._valid = valid

    async def watch(self, partitions: int, metrics: Metrics, seconds: float) -> None:
        """Follow and judge for ever, every so many seconds. A broker that fails is asked again from the beginning.

        The producer is its own: the publisher's may have one record under way per partition, and counts on that.
        """
        while True:
            consumer, producer = make_consumer(self._bootstrap, None), make_producer(self._bootstrap)
            try:
                await consumer.start()
                await producer.start()
                consumer.assign([self._place])
                await consumer.seek_to_beginning(self._place)
                await self._follow(consumer, producer, partitions, metrics, seconds)
            except (KafkaError, OSError) as error:
                log.warning("sources cannot be watched, trying again", why=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                for client in (consumer, producer):
                    await stop_in_time(client)

    async def _follow(
        self,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        partitions: int,
        metrics: Metrics,
        seconds: float,
    ) -> None:
        sources = Sources(self._yardstick)
        while True:
            for records in (await consumer.getmany(timeout_ms=int(seconds * 1000))).values():
                for record in records:
                    _fold(record.value, sources)
            ends = await consumer.end_offsets([self._place])
            if await consumer.position(self._place) < ends[self._place]:
                continue  # who decides on half of what is known cries for nothing
            now_ms = time.time_ns() // 1_000_000
            sources.forget(now_ms)
            _show(sources, metrics, self._valid())
            if self._enabled:
                await self._judge(sources, producer, partitions, now_ms)

    async def _judge(self, sources: Sources, producer: AIOKafkaProducer, partitions: int, now_ms: int) -> None:
        for change in sources.changes(self._valid(), self._process, now_ms):
            claim = sources.claim_of(change)
            if claim is None:
                await self._send(producer, change)
            elif claim.process == self._process:
                await self._tell(producer, partitions, claim)
        for tally in sources.to_renew(now_ms):
            await self._send(producer, tally)

    async def _tell(self, producer: AIOKafkaProducer, partitions: int, claim: SourceTally) -> None:
        """Write the control record to every partition; only when all are in the log it is told."""
        value = encode_line(control_of(claim))
        acks = [await producer.send(self._events, value, partition=number) for number in range(partitions)]
        await asyncio.gather(*acks)
        await self._send(producer, msgspec.structs.replace(claim, told=True))
        log.warning("source silent" if claim.silent else "source heard again", source=claim.source, at=claim.at)

    async def _send(self, producer: AIOKafkaProducer, tally: SourceTally) -> None:
        topic, partition = self._place
        await producer.send_and_wait(topic, encode_tally(tally), key=tally_key(tally), partition=partition)


def _fold(value: bytes | None, sources: Sources) -> None:
    if value is None:
        return
    try:
        sources.take(decode_tally(value))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("a tally cannot be read and is left out", why=str(error))


def _show(sources: Sources, metrics: Metrics, valid: frozenset[str]) -> None:
    metrics.source_silent.clear()
    metrics.source_heard.clear()
    for name, known in sources:
        if name in valid:
            metrics.source_silent.labels(name).set(known.silent)
            if known.heard_at is not None:
                metrics.source_heard.labels(name).set(known.heard_at / 1000)
