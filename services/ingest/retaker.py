"""Events whose account was not known, sent to the log once it is.

SDKs send `identify` and `track` before `group`, so the account is often known seconds later. This task follows
`dead.letters` in a consumer group of all ingest processes, keeps in bounded memory what waits for a user, and when the
user's account is read from `identities`, sends the event with its own id, waits for the ack, and only then marks the
letter as retaken. A crash between the two sends the event once more; signals counts it once within the hour
(definition 8). Offsets are committed up to the oldest letter that still waits, so a restart finds it again, and reads
again what came after it: nothing is retaken before all marks that the topic held then were read.
Source: playbook section 2 (identity), definition 78.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.ingest.core.identities import Identities, User
from services.ingest.core.letters import Retaken, retake
from services.ingest.core.waiting import WaitingLetter, WaitingRoom
from services.ingest.metrics import Metrics
from services.ingest.publisher import Parcel, Publisher
from services.ingest.settings import Settings
from shared.io.kafka import make_consumer, stop_in_time
from shared.io.logs import get_logger
from shared.kernel.dead_letters import as_retaken, decode_letter, encode_letter
from shared.kernel.errors import Problem
from shared.kernel.topics import DEAD_LETTERS, EVENTS

__all__ = ["Retaker"]

GROUP = "upswing-ingest-letters"
POLL_MS = 200
SESSION_MS = 6_000  # the least that brokers allow: what a killed process held goes to another after it
PAUSE_SECONDS = 1.0
STOP_SECONDS = 5.0
COMMIT_SECONDS = 5.0
REST_SECONDS = 0.05  # after a full round, so that a long topic does not take the time that requests need
MOST_RECORDS = 500
MOST_RETAKEN = 200
FETCH_BYTES = 1 << 20
log = get_logger(__name__)


class Retaker:
    """Takes letters back. Shape: `learned` is told of each user whose account was read from the topic."""

    def __init__(
        self,
        settings: Settings,
        identities: Identities,
        publisher: Publisher,
        partition_of: Callable[[str], int],
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._identities = identities
        self._publisher = publisher
        self._partition_of = partition_of
        self._metrics = metrics
        self._letters = settings.topic_prefix + DEAD_LETTERS.name
        self._events = settings.topic_prefix + EVENTS.name
        self._room = WaitingRoom(settings.waiting_letters_max_bytes)
        self._progress = _Progress(self._room)
        self._known: set[User] = set()
        metrics.letters_waiting.set_function(lambda: len(self._room))

    def learned(self, user: User) -> None:
        """Note that the account of a user is known, if anything waits for it."""
        if self._room.waits_for(user):
            self._known.add(user)

    async def keep_retaking(self) -> None:
        """Follow the letters for ever; a broker that fails is asked again."""
        while True:
            consumer = make_consumer(
                self._settings.kafka,
                self._settings.topic_prefix + GROUP,
                session_timeout_ms=SESSION_MS,
                heartbeat_interval_ms=SESSION_MS // 3,
                fetch_max_bytes=FETCH_BYTES,
                max_partition_fetch_bytes=FETCH_BYTES,
            )
            try:
                self._progress.begin(ours=False)
                consumer.subscribe([self._letters], listener=self._progress)
                await consumer.start()
                await self._follow(consumer)
            except (KafkaError, OSError) as error:
                log.warning("dead letters cannot be followed, trying again", why=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                await stop_in_time(consumer, STOP_SECONDS)

    async def _follow(self, consumer: Any) -> None:
        committed: dict[TopicPartition, int] = {}
        commit_at = time.monotonic() + COMMIT_SECONDS
        while True:
            found = await consumer.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
            count = sum(self._read(record) for records in found.values() for record in records)
            if await self._progress.is_up_to_date(consumer):
                while self._known:
                    await self._retake_some()
                if time.monotonic() >= commit_at:
                    committed = await self._commit(consumer, committed)
                    commit_at = time.monotonic() + COMMIT_SECONDS
            if count == MOST_RECORDS:
                await asyncio.sleep(REST_SECONDS)

    def _read(self, record: Any) -> int:
        try:
            letter = decode_letter(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
            return 1  # no letter of ours
        left = self._room.left
        waiting = self._room.take(letter, (record.partition, record.offset), record.key)
        if self._room.left > left:
            self._metrics.letters_left.inc(self._room.left - left)
        for user in waiting.users if waiting is not None else ():
            if self._identities.account_of(*user) is not None:
                self._known.add(user)
        return 1

    async def _retake_some(self) -> None:
        """Send some of the events whose account is known, wait for the acks, then mark their letters."""
        self._known = {user for user in self._known if self._identities.account_of(*user) is not None}
        letters = self._room.of(self._known, MOST_RETAKEN)
        if len(letters) < MOST_RETAKEN:
            self._known.clear()
        sent: list[tuple[WaitingLetter, Retaken]] = []
        for waiting in letters:
            taken = retake(waiting.letter, self._identities)
            if isinstance(taken, Problem):
                self._give_up(waiting, taken)
            else:
                sent.append((waiting, taken))
        await self._deliver([Parcel(self._events, self._partition_of(t.account_id), t.line) for _, t in sent])
        await self._deliver([self._marker(waiting, taken.account_id) for waiting, taken in sent])
        for waiting, _ in sent:
            self._room.remove(waiting.letter.letter_id)
        self._metrics.letters_retaken.inc(len(sent))

    def _give_up(self, waiting: WaitingLetter, problem: Problem) -> None:
        """Let a letter go that has another trouble, too: it stays on the topic for a person to look at."""
        self._room.remove(waiting.letter.letter_id)
        log.warning("a letter cannot be retaken", letter_id=waiting.letter.letter_id, reason=problem.reason)

    def _marker(self, waiting: WaitingLetter, account_id: str) -> Parcel:
        record = as_retaken(waiting.letter, account_id, time.time_ns() // 1_000_000)
        key = waiting.key or waiting.letter.letter_id.encode()
        return Parcel(self._letters, waiting.place[0], encode_letter(record), key=key)

    async def _deliver(self, parcels: list[Parcel]) -> None:
        """Wait until the broker has them, for as long as it takes: a producer that fails ends the process."""
        ticket = self._publisher.submit(parcels)
        while not await ticket.acknowledged(self._settings.ack_seconds):
            if ticket.error is not None:
                raise ticket.error

    async def _commit(self, consumer: Any, committed: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        offsets: dict[TopicPartition, int] = {}
        for place in consumer.assignment():
            first = self._room.first(place.partition)
            offsets[place] = await consumer.position(place) if first is None else first
        changed = {place: offset for place, offset in offsets.items() if committed.get(place) != offset}
        if changed and self._progress.ours:  # else what waits was let go, and would be passed over
            try:
                await consumer.commit(changed)
            except KafkaError as error:  # a rebalance: whoever reads next begins a little earlier
                log.info("offsets of dead letters not committed", why=str(error))
                return {}
        return offsets


class _Progress(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """How far the partitions were read since they became ours.

    What waits is read again by whoever gets the partition, so nothing of it is kept over a rebalance.
    """

    def __init__(self, room: WaitingRoom) -> None:
        self.ours = False
        self._room = room
        self._behind: dict[TopicPartition, int] | None = None

    def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002 - as aiokafka calls it
        self.begin(ours=False)

    def on_partitions_assigned(self, assigned: Any) -> None:  # noqa: ARG002 - as aiokafka calls it
        self.begin(ours=True)

    def begin(self, *, ours: bool) -> None:
        """Let go of what waits, because it is read again."""
        self._room.clear()
        self.ours, self._behind = ours, None

    async def is_up_to_date(self, consumer: Any) -> bool:
        """Say whether everything was read that the partitions held when they became ours."""
        if not self.ours:
            return False
        behind = self._behind
        if behind is None:
            behind = self._behind = {}
            behind.update(await consumer.end_offsets(consumer.assignment()))
        try:
            for place, end in list(behind.items()):
                if await consumer.position(place) >= end:
                    del behind[place]
        except IllegalStateError:  # it is another's by now
            return False
        return behind is self._behind and not behind
