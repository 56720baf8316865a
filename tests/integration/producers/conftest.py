"""The log of these tests and its worker."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.producers import PARTITIONS, Log
from tests.support.signals.worker import Worker


@pytest.fixture
async def log(kafka: Broker, topic_prefix: str, tmp_path: Path) -> AsyncIterator[Log]:
    """Fresh topics, a worker that is ready, and accounts that are known."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text("extends: default\nversion: quick\ntime: {snapshot_seconds: 1}\n")
    worker = Worker(tmp_path, kafka.bootstrap, topic_prefix, PLAYBOOK=str(playbook))
    await asyncio.to_thread(worker.start, engine="real", ready=True)
    made = Log(kafka.bootstrap, topic_prefix, worker)
    await made.introduce()
    yield made
    worker.kill()
