"""Fresh topics for whoever reads them from outside."""

from collections.abc import AsyncIterator

import pytest

from shared.io.kafka import ensure_topics, make_producer
from tests.support.broker import Broker
from tests.support.topics import PARTITIONS, Topics


@pytest.fixture
async def topics(kafka: Broker, topic_prefix: str) -> AsyncIterator[Topics]:
    """Fresh topics, and a producer for them."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    producer = make_producer(kafka.bootstrap)
    await producer.start()
    try:
        yield Topics(producer, kafka.bootstrap, topic_prefix)
    finally:
        await producer.stop()
