"""Kafka as the services use it, on a real broker."""

import asyncio

import pytest

from deploy.local.ports import free_port
from shared.io.kafka import (
    check_broker,
    compare_topics,
    connect_admin,
    ensure_topics,
    make_consumer,
    make_producer,
    repair_topics,
    topic_id,
)
from shared.kernel.errors import DependencyError
from shared.kernel.ids import partition_for
from shared.kernel.topics import EVENTS, PLAYBOOKS, TOPICS, Topic
from tests.support.broker import Broker

FEW = (EVENTS, PLAYBOOKS)


async def test_all_topics_are_created_as_declared_and_a_second_time_none(kafka: Broker, topic_prefix: str) -> None:
    """What the table declares is what the broker has, and creating is idempotent."""
    created = await ensure_topics(kafka.bootstrap, 3, prefix=topic_prefix)
    assert sorted(created) == sorted(topic_prefix + topic.name for topic in TOPICS)
    assert await ensure_topics(kafka.bootstrap, 3, prefix=topic_prefix) == []
    assert await compare_topics(kafka.bootstrap, 3, prefix=topic_prefix) == []


async def test_each_difference_of_a_topic_is_named(kafka: Broker, topic_prefix: str) -> None:
    """Other partitions, other settings and a missing topic are each a sentence; settings can be repaired."""
    other = Topic("events", "another idea of the log", {"retention.ms": "1000"})
    await ensure_topics(kafka.bootstrap, 2, prefix=topic_prefix, topics=(other,))
    differences = await compare_topics(kafka.bootstrap, 3, prefix=topic_prefix, topics=FEW)
    found = "\n".join(differences)
    assert "has 2 partitions, not 3" in found
    assert "retention.ms=1000, not 2592000000" in found
    assert "message.timestamp.type=CreateTime, not LogAppendTime" in found
    assert f"topic {topic_prefix}playbooks does not exist" in found
    await repair_topics(kafka.bootstrap, prefix=topic_prefix, topics=FEW)
    assert await compare_topics(kafka.bootstrap, 2, prefix=topic_prefix, topics=(EVENTS,)) == []


async def test_a_topic_made_anew_has_another_id(kafka: Broker, topic_prefix: str) -> None:
    """The id is the epoch of a log: stable while it lives, another after it was deleted and created again."""
    name = topic_prefix + EVENTS.name
    await ensure_topics(kafka.bootstrap, 1, prefix=topic_prefix, topics=(EVENTS,))
    first = await topic_id(kafka.bootstrap, name)
    assert first == await topic_id(kafka.bootstrap, name)
    assert len(first) == 22
    async with connect_admin(kafka.bootstrap) as admin:
        await admin.delete_topics([name])
        while name in await admin.list_topics():
            await asyncio.sleep(0.02)
    await ensure_topics(kafka.bootstrap, 1, prefix=topic_prefix, topics=(EVENTS,))
    assert await topic_id(kafka.bootstrap, name) != first


async def test_the_id_of_a_topic_that_is_not_there_is_an_error_and_creates_nothing(
    kafka: Broker, topic_prefix: str
) -> None:
    """Asking never creates a topic."""
    with pytest.raises(DependencyError, match="has no id"):
        await topic_id(kafka.bootstrap, topic_prefix + "nowhere")
    assert await compare_topics(kafka.bootstrap, 1, prefix=topic_prefix, topics=(EVENTS,)) == [
        f"topic {topic_prefix}events does not exist: run `upswing topics create`"
    ]


async def test_a_broker_that_is_not_there_is_one_sentence() -> None:
    """A wrong address says which address."""
    port = free_port()
    with pytest.raises(DependencyError, match=f"no Kafka broker answers at 127.0.0.1:{port}"):
        await check_broker(f"127.0.0.1:{port}")


async def test_a_keyed_record_lands_where_the_kernel_says_and_a_commit_is_kept(
    kafka: Broker, topic_prefix: str
) -> None:
    """Producer, partitioner, consumer and commit agree with `ids.partition_for`."""
    name = topic_prefix + EVENTS.name
    await ensure_topics(kafka.bootstrap, 8, prefix=topic_prefix, topics=(EVENTS,))
    async with make_producer(kafka.bootstrap) as producer:
        sent = await producer.send_and_wait(name, b"x", key=b"acme")
    assert sent.partition == partition_for("acme", 8)
    group = topic_prefix + "group"
    async with make_consumer(kafka.bootstrap, group, name) as consumer:
        record = await consumer.getone()
        assert record.value == b"x"
        await consumer.commit()
    async with make_consumer(kafka.bootstrap, group, name) as consumer:
        assert await consumer.getmany(timeout_ms=300) == {}
