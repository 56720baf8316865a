"""The compacted topic `identities`, read to its end before ingest is ready, and followed from then on.

Other ingest processes write to it too. *Ready* means: of every partition all that it held when ingest began to read has
been folded. Source: playbook section 2 (identity).
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.ingest.core.identities import Identities, User
from services.ingest.publisher import Parcel, Publisher, Ticket
from shared.io.kafka import make_consumer, stop_in_time
from shared.io.logs import get_logger
from shared.kernel.identities import (
    Identity,
    decode_identity,
    decode_identity_key,
    encode_identity,
    identity_key,
)

__all__ = ["IdentityLog"]

POLL_MS = 500
PAUSE_SECONDS = 1.0
STOP_SECONDS = 5.0
MOST_AT_ONCE = 1_000
log = get_logger(__name__)


class IdentityLog:
    """The topic behind the map. Shape: `on_read` is told of every user whose account was read from the topic."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, identities: Identities) -> None:
        self.on_read: Callable[[User], None] | None = None
        self._bootstrap = bootstrap
        self._topic = topic
        self._identities = identities
        self._places = [TopicPartition(topic, number) for number in range(partitions)]
        self._positions: dict[TopicPartition, int] = {}

    async def follow(self, on_end: Callable[[], None]) -> None:
        """Fold the topic into the map for ever; `on_end` is called once the end that it had at the start was reached.

        A broker that fails is asked again where the reading stopped.
        """
        behind: dict[TopicPartition, int] | None = None
        while True:
            consumer = make_consumer(self._bootstrap, None)
            try:
                await consumer.start()
                consumer.assign(self._places)
                await consumer.seek_to_beginning(*self._places)
                for place, position in self._positions.items():
                    consumer.seek(place, position)
                if behind is None:
                    behind = {place: end for place, end in (await consumer.end_offsets(self._places)).items() if end}
                await self._follow(consumer, behind, on_end)
            except (KafkaError, OSError) as error:
                log.warning("identities cannot be read, trying again", why=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                await stop_in_time(consumer, STOP_SECONDS)

    async def keep_paying(self, publisher: Publisher, partition_of: Callable[[str], int], seconds: float) -> None:
        """Write what the topic has been owed for a while, for ever; one round waits until the broker has the last."""
        under_way: Ticket | None = None
        while True:
            await asyncio.sleep(seconds)
            if under_way is not None and under_way.open:
                continue
            due = self._identities.overdue(MOST_AT_ONCE)
            under_way = publisher.submit([identity_parcel(self._topic, partition_of, *each) for each in due])

    async def _follow(self, consumer: Any, behind: dict[TopicPartition, int], on_end: Callable[[], None]) -> None:
        told = False
        while True:
            for place in [place for place, end in behind.items() if await consumer.position(place) >= end]:
                del behind[place]
            if not behind and not told:
                on_end()
                told = True
            for place, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                for record in records:
                    self._fold(record.key, record.value)
                self._positions[place] = records[-1].offset + 1

    def _fold(self, key: bytes | None, value: bytes | None) -> None:
        try:
            if value is not None:
                identity = decode_identity(value)
                self._identities.read(identity)
                if self.on_read is not None:
                    self.on_read((identity.source, identity.user_id))
            elif key is not None:
                self._identities.forget(*decode_identity_key(key))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("an identity cannot be read and is left out", why=str(error))


def identity_parcel(topic: str, partition_of: Callable[[str], int], user: User, identity: Identity | None) -> Parcel:
    """Return the record about a user. Shape: without an identity it says that the user was forgotten."""
    key = identity_key(*user)
    value = None if identity is None else encode_identity(identity)
    return Parcel(topic, partition_of(key.decode()), value, key=key)
