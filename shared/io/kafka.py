"""Kafka through aiokafka: producers that wait for all acks, consumers that commit by hand, topics and their ids."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.io.kafka_admin import (
    REQUEST_TIMEOUT_MS,
    check_broker,
    compare_topics,
    connect_admin,
    ensure_topics,
    repair_topics,
    topic_id,
)
from shared.io.logs import get_logger

__all__ = [
    "check_broker",
    "compare_topics",
    "connect_admin",
    "ensure_topics",
    "make_consumer",
    "make_producer",
    "repair_topics",
    "stop_in_time",
    "topic_id",
]

MAX_RECORD_BYTES = 4 << 20
MAX_BATCH_BYTES = 1 << 20
STOP_SECONDS = 2.0
log = get_logger(__name__)


def make_producer(bootstrap: str, **over: Any) -> AIOKafkaProducer:
    """Return a producer, not yet started: acks from all replicas, idempotent. `over` replaces aiokafka's options.

    Call it inside a running loop. An idempotent producer of aiokafka never gives up on a record, so the caller sets its
    own deadline (`asyncio.timeout`) around each wait for an ack. Source: design (durability 1).
    """
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "acks": "all",
        "enable_idempotence": True,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "max_batch_size": MAX_BATCH_BYTES,
        "max_request_size": MAX_RECORD_BYTES,
    }
    return AIOKafkaProducer(**options | over)


def make_consumer(bootstrap: str, group: str | None, *topics: str, **over: Any) -> AIOKafkaConsumer:
    """Return a consumer, not yet started: commits by hand only, begins at the oldest record, short session.

    Call it inside a running loop. Pass `group_instance_id` for static membership: a restart then costs no rebalance.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "session_timeout_ms": 10_000,
        "heartbeat_interval_ms": 3_000,
        "request_timeout_ms": REQUEST_TIMEOUT_MS + 5_000,
        "fetch_max_wait_ms": 50,
        "max_partition_fetch_bytes": MAX_RECORD_BYTES,
    }
    return AIOKafkaConsumer(*topics, **options | over)


async def stop_in_time(client: AIOKafkaConsumer | AIOKafkaProducer, seconds: float = STOP_SECONDS) -> None:
    """Stop a client. A broker that does not answer must not hold up the end of a process, or the next attempt."""
    try:
        async with asyncio.timeout(seconds):
            await client.stop()
    except (TimeoutError, KafkaError) as error:
        log.warning("a client of the broker did not stop in time", client=type(client).__name__, why=str(error))
