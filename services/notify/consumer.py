"""The consumer: takes each record in one transaction, wakes the senders, and only then commits the offset.

The three fates of an exception: *record* (it cannot be read or used): `dead.letters`; *dependency* (the database
fails): again until the deadline, then exit; *invariant*: exit. Source: design (durability 3 to 6).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import NAMESPACE_URL, uuid5

import asyncpg
import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.notify import metrics
from services.notify.core.ops import addressed
from services.notify.core.printable import printable
from services.notify.intake import Intake
from services.notify.outbox import Bells, Clock
from services.notify.settings import Settings
from shared.io.kafka import make_consumer, make_producer
from shared.kernel.codec import decode_record
from shared.kernel.csql_changes import decode_change
from shared.kernel.dead_letters import DeadLetter, encode_letter
from shared.kernel.errors import DependencyError, Reason, UpswingError
from shared.kernel.events.user_erased import UserErased
from shared.kernel.people import decode_person
from shared.kernel.topics import CSQL_CHANGES, DEAD_LETTERS, FACTS, PEOPLE, TRIGGERS
from shared.kernel.triggers import decode_trigger

LOG = structlog.get_logger("notify.consumer")
POLL_MS = 1_000
BATCH_RECORDS = 200
PARTITIONS_AT_ONCE = 4
BROKER_SECONDS = 5.0
STOP_SECONDS = 2.0
RETRY_SECONDS = 0.5
MOST_FAULTS = 3
DEPENDENCY_STATES = ("08", "40", "53", "55", "57", "58")  # connection, rollback, resources, locks, operator, system
LINE_MOST = 10_000
ERASURE = b"user.erased"


class Consumer:
    """One consumer of `expansion.triggers`, `csql.changes` and `people`, and of the erasures on `account.facts`.

    Shape: `progress` counts the records taken.
    """

    def __init__(self, settings: Settings, intake: Intake, bells: Bells, clock: Clock) -> None:
        self.progress = 0
        self._settings = settings
        self._intake = intake
        self._bells = bells
        self._clock = clock
        self._consumer: AIOKafkaConsumer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._done: dict[TopicPartition, int] = {}
        self._slots = asyncio.Semaphore(PARTITIONS_AT_ONCE)
        prefix = settings.topic_prefix
        self._takers: dict[str, Callable[[ConsumerRecord, int], Awaitable[set[str]]]] = {
            prefix + TRIGGERS.name: self._take_trigger,
            prefix + CSQL_CHANGES.name: self._take_change,
            prefix + PEOPLE.name: self._take_person,
            prefix + FACTS.name: self._take_facts,
        }

    async def run(self, stopping: asyncio.Event) -> None:
        """Read and take until told to stop. Errors: `DependencyError` when broker or database fail for too long."""
        consumer, producer = await self._start()
        try:
            while not stopping.is_set():
                batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)
                if batches:
                    await asyncio.gather(*(self._take_all(part, records) for part, records in batches.items()))
                    await self._commit(consumer, {part: records[-1].offset + 1 for part, records in batches.items()})
        finally:
            self._consumer = None
            try:
                await _stop(consumer)
            finally:
                await _stop(producer)

    async def lag(self) -> dict[str, int] | None:
        """Return how many records wait on each topic; None: no partitions are assigned.

        Errors: `KafkaError` or `TimeoutError` when the broker does not answer.
        """
        consumer = self._consumer
        if consumer is None or not (assigned := consumer.assignment()):
            return None
        waiting: dict[str, int] = {}
        async with asyncio.timeout(BROKER_SECONDS):
            ends = await consumer.end_offsets(list(assigned))
            for part, end in ends.items():
                done = self._done[part] if part in self._done else await consumer.position(part)
                name = part.topic.removeprefix(self._settings.topic_prefix)
                waiting[name] = waiting.get(name, 0) + max(0, end - done)
        return waiting

    async def _start(self) -> tuple[AIOKafkaConsumer, AIOKafkaProducer]:
        settings = self._settings
        deadline = time.monotonic() + settings.retry_seconds
        while True:
            producer = make_producer(settings.kafka, client_id="notify")
            consumer = make_consumer(
                settings.kafka,
                f"{settings.topic_prefix}notify",
                *self._takers,
                group_instance_id=f"{settings.instance}-notify",
                client_id="notify",
                session_timeout_ms=int(settings.session_seconds * 1000),
                heartbeat_interval_ms=int(settings.session_seconds * 300),
                fetch_max_wait_ms=settings.fetch_wait_ms,
            )
            try:
                await producer.start()
                await consumer.start()
            except (KafkaError, OSError) as error:
                await _stop(consumer)
                await _stop(producer)
                if time.monotonic() > deadline:
                    raise DependencyError(f"no Kafka broker answers at {settings.kafka}: start it") from error
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._consumer, self._producer = consumer, producer
                return consumer, producer

    async def _take_all(self, part: TopicPartition, records: list[ConsumerRecord]) -> None:
        async with self._slots:
            for record in records:
                await self._take(record)
                self._done[part] = record.offset + 1
                self.progress += 1

    async def _take(self, record: ConsumerRecord) -> None:
        topic = record.topic.removeprefix(self._settings.topic_prefix)
        metrics.TAKEN.labels(topic).inc()
        deadline = time.monotonic() + self._settings.retry_seconds
        faults = 0
        while True:
            try:
                self._bells.ring(await self._takers[record.topic](record, self._clock()))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                reason = Reason.WRONG_TYPE if isinstance(error, msgspec.ValidationError) else Reason.UNREADABLE
                await self._bury(record, reason, str(error))
                return
            except UpswingError:
                raise
            except Exception as error:  # fates: again until the deadline, then exit; or, a fault of the record: buried
                faults += not _is_dependency(error)
                if faults >= MOST_FAULTS:
                    await self._bury(record, Reason.UNUSABLE, _say(error))
                    return
                if time.monotonic() > deadline:
                    raise DependencyError(f"the database does not take records: {_say(error)}") from error
                LOG.warning("record tried again", topic=topic, error=_say(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _take_trigger(self, record: ConsumerRecord, now_ms: int) -> set[str]:
        trigger = addressed(printable(decode_trigger(record.value or b"")))
        with structlog.contextvars.bound_contextvars(trigger_id=trigger.trigger_id, account_id=trigger.account_id):
            woken = await self._intake.take_trigger(trigger, now_ms)
        if trigger.received_at is not None:
            metrics.HOPS.labels("received_to_emitted").observe(max(trigger.emitted_at - trigger.received_at, 0) / 1000)
        metrics.HOPS.labels("emitted_to_consumed").observe(max(now_ms - trigger.emitted_at, 0) / 1000)
        return woken

    async def _take_change(self, record: ConsumerRecord, now_ms: int) -> set[str]:
        return await self._intake.take_change(decode_change(record.value or b""), now_ms)

    async def _take_person(self, record: ConsumerRecord, now_ms: int) -> set[str]:  # noqa: ARG002 - takers share a signature
        person = decode_person(record.value) if record.value else None
        return await self._intake.take_person((record.key or b"").decode(), person)

    async def _take_facts(self, record: ConsumerRecord, now_ms: int) -> set[str]:
        """Take the erasures among facts; the pipeline buries what cannot be read."""
        woken: set[str] = set()
        if record.value is not None and ERASURE in record.value:
            for _number, line in decode_record(record.value)[0]:
                if isinstance(line, UserErased) and line.user_id is not None:
                    at_ms: int = line.occurred_at  # type: ignore[assignment]  # the codec has settled it
                    woken |= await self._intake.take_erasure(line.account_id, line.user_id, at_ms, now_ms)
        return woken

    async def _bury(self, record: ConsumerRecord, reason: Reason, message: str) -> None:
        topic = record.topic.removeprefix(self._settings.topic_prefix)
        origin = f"{topic}/{record.partition}/{record.offset}"
        LOG.error("record buried", origin=origin, reason=str(reason), error=message[:300])
        letter = DeadLetter(
            letter_id=str(uuid5(NAMESPACE_URL, f"notify/{origin}")),
            service="notify",
            reason=reason,
            field="",
            message=message[:500],
            line=(record.value or b"").decode("utf-8", "backslashreplace")[:LINE_MOST],
            origin=origin,
            at=self._clock(),
            account_id=(record.key or b"").decode("utf-8", "replace") or None,
        )
        if self._producer is None:
            raise DependencyError("the consumer is not started: nothing can be buried")
        name = self._settings.topic_prefix + DEAD_LETTERS.name
        async with asyncio.timeout(self._settings.retry_seconds):
            await self._producer.send_and_wait(name, encode_letter(letter), key=record.key)
        metrics.REJECTED.labels(topic, reason).inc()

    async def _commit(self, consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        try:
            async with asyncio.timeout(self._settings.commit_seconds):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:  # fate: a later commit covers it, or the inbox knows the records
            LOG.warning("offsets not committed", error=_say(error))


async def _stop(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await client.stop()
    except (KafkaError, OSError, TimeoutError) as error:  # fate: the broker forgets us when the session ends
        LOG.warning("Kafka client not stopped cleanly", error=_say(error))


def _is_dependency(error: BaseException) -> bool:
    if isinstance(error, OSError | TimeoutError | PoolTimeoutError | asyncpg.InterfaceError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = str(getattr(error.orig, "sqlstate", "") or "")
    return isinstance(error, OperationalError | InterfaceError) or state[:2] in DEPENDENCY_STATES


def _say(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:300]
