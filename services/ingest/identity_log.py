"""The compacted topic `identities`, read to its end before ingest is ready, and followed from then on.

Other ingest processes write to it too. Source: playbook section 2 (identity).
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.ingest.core.identities import Identities
from shared.io.kafka import make_consumer
from shared.io.logs import get_logger
from shared.kernel.identities import decode_identity, decode_identity_key

__all__ = ["follow_identities"]

POLL_MS = 500
PAUSE_SECONDS = 1.0
log = get_logger(__name__)


async def follow_identities(
    bootstrap: str, topic: str, partitions: int, identities: Identities, on_read: Callable[[], None]
) -> None:
    """Fold the topic into the map for ever; `on_read` is called once its end was reached.

    A broker that fails is asked again from the beginning: the map takes the same record twice without harm.
    """
    places = [TopicPartition(topic, number) for number in range(partitions)]
    while True:
        consumer = make_consumer(bootstrap, None)
        try:
            await consumer.start()
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            behind = {place: end for place, end in (await consumer.end_offsets(places)).items() if end > 0}
            await _follow(consumer, identities, behind, on_read)
        except (KafkaError, OSError) as error:
            log.warning("identities cannot be read, trying again", why=str(error))
            await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await consumer.stop()


async def _follow(
    consumer: Any, identities: Identities, behind: dict[TopicPartition, int], on_read: Callable[[], None]
) -> None:
    while True:
        for place in [place for place, end in behind.items() if await consumer.position(place) >= end]:
            del behind[place]
        if not behind:
            on_read()
        found = await consumer.getmany(timeout_ms=POLL_MS)
        for records in found.values():
            for record in records:
                _fold(record.key, record.value, identities)


def _fold(key: bytes | None, value: bytes | None, identities: Identities) -> None:
    try:
        if value is not None:
            identities.learn(decode_identity(value))
        elif key is not None:
            identities.forget(*decode_identity_key(key))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("an identity cannot be read and is left out", why=str(error))
