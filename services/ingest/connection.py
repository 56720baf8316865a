"""The broker behind the desk: connected to for as long as it takes, then watched.

Until topics and identities are there the desk answers 503 and the service is not ready.
"""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.ingest.core.identities import Identities
from services.ingest.core.intake import World
from services.ingest.core.partition import make_partitioner
from services.ingest.core.tracking import Tracking
from services.ingest.desk import Desk
from services.ingest.identity_log import IdentityLog
from services.ingest.publisher import Publisher
from services.ingest.retaker import Retaker
from services.ingest.settings import Settings
from services.ingest.sources import SourceWatch
from shared.io.health import Readiness
from shared.io.kafka import make_producer, stop_in_time
from shared.io.logs import get_logger
from shared.kernel.topics import DEAD_LETTERS, EVENTS, IDENTITIES, TALLIES

__all__ = ["Connection"]

PAUSE_SECONDS = 0.5
TOPICS = (EVENTS, DEAD_LETTERS, IDENTITIES, TALLIES)
log = get_logger(__name__)


class Connection:
    """Producer, partitions and identities of one ingest process. Shape: `opened` is set once events can be taken."""

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        tracking: Tracking,
        watch: SourceWatch,
        readiness: Readiness,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._tracking = tracking
        self._watch = watch
        self._readiness = readiness
        self._on_failure = on_failure
        self.opened = asyncio.Event()
        readiness.expect("broker", "not connected yet")
        readiness.expect("identities", "not read to their end yet")

    async def hold(self) -> None:
        """Connect, publish for the desk and follow the identities until cancelled."""
        producer = await self._connect()
        try:
            partitions = await self._partitions(producer)
            identities = Identities()
            self._desk.metrics.identities.set_function(lambda: len(identities))
            publisher = self._publisher(producer)
            world = World(
                self._tracking,
                identities,
                make_partitioner(partitions),
                self._settings.event_max_bytes,
                self._desk.unmapped,
            )

            def open_desk() -> None:
                self._desk.world, self._desk.publisher = world, publisher
                self._readiness.ok("identities")
                self.opened.set()

            self._readiness.probe("broker", producer.client.fetch_all_metadata)
            topic = self._settings.topic_prefix + IDENTITIES.name
            known = IdentityLog(self._settings.kafka, topic, partitions, identities)
            retaker = Retaker(self._settings, identities, publisher, world.partition_of, self._desk.metrics)
            known.on_read = retaker.learned
            await asyncio.gather(
                known.follow(open_desk),
                retaker.keep_retaking(),
                known.keep_paying(publisher, world.partition_of, self._settings.tally_seconds),
                self._desk.tallies.keep_writing(publisher, self._settings.tally_seconds),
                self._watch.watch(partitions, self._desk.metrics, self._settings.tally_seconds),
            )
        finally:
            await stop_in_time(producer)

    def _publisher(self, producer: AIOKafkaProducer) -> Publisher:
        return Publisher(
            producer,
            self._desk.budget,
            self._desk.metrics,
            linger_seconds=self._settings.linger_ms / 1000,
            pack_max_bytes=self._settings.pack_max_bytes,
            on_failure=self._on_failure,
        )

    async def drain(self, seconds: float) -> None:
        """Send what waits. Nothing is lost when it cannot be sent: it was not answered 200."""
        publisher = self._desk.publisher
        if publisher is None:
            return
        self._desk.tallies.write(publisher)
        if not await publisher.drain(seconds):
            log.warning("stopped with events that were not acknowledged; their senders were told to send again")

    async def _connect(self) -> AIOKafkaProducer:
        compression = None if self._settings.compression == "none" else self._settings.compression
        while True:
            producer = make_producer(self._settings.kafka, compression_type=compression)
            try:
                await producer.start()
            except (KafkaError, OSError) as error:
                await stop_in_time(producer)
                self._readiness.fail("broker", f"no broker answers at {self._settings.kafka}: {error}"[:300])
                await asyncio.sleep(PAUSE_SECONDS)
            except BaseException:
                await stop_in_time(producer)
                raise
            else:
                return producer

    async def _partitions(self, producer: AIOKafkaProducer) -> int:
        """Wait until all our topics are there, and return how many partitions the log has."""
        names = [self._settings.topic_prefix + topic.name for topic in TOPICS]
        single = {self._settings.topic_prefix + topic.name for topic in TOPICS if topic.partitions}
        while True:
            try:
                known = await producer.client.fetch_all_metadata()
                counts = {name: len(known.partitions_for_topic(name) or ()) for name in names}
                why = _trouble(counts, single)
                if why is None:
                    for name in names:
                        await producer.partitions_for(name)
                    return counts[names[0]]
            except KafkaError as error:
                why = f"the broker at {self._settings.kafka} does not answer: {error}"[:300]
            self._readiness.fail("broker", why)
            log.warning("waiting for the broker", why=why)
            await asyncio.sleep(PAUSE_SECONDS)


def _trouble(counts: dict[str, int], single: set[str]) -> str | None:
    """Return what is wrong with the topics, if anything is. Shape: `single` ones have a number of their own."""
    for name, count in counts.items():
        if not count:
            return f"topic {name} is not there: create it with `upswing topics create`"
    alike = {name: count for name, count in counts.items() if name not in single}
    if len(set(alike.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in alike.items())
        return f"topics must have the same number of partitions, but {listed}: see `upswing topics check`"
    return None
