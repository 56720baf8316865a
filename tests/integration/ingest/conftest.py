"""One running ingest for the tests of this folder, with topics of its own."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess


@pytest.fixture(scope="module")
def ingest(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    """A ready service, shared by the tests of a module."""
    prefix = f"i{secrets.token_hex(4)}."
    asyncio.run(ensure_topics(kafka.bootstrap, partitions=4, prefix=prefix))
    process = IngestProcess(
        tmp_path_factory.mktemp("ingest"),
        kafka.bootstrap,
        prefix,
        body_max_bytes=200_000,
        inflated_max_bytes=400_000,
        event_max_bytes=20_000,
        body_seconds=3,
    )
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def own_ingest(kafka: Broker, tmp_path: Path, topic_prefix: str) -> Iterator[IngestProcess]:
    """A service of this test alone, not yet started."""
    asyncio.run(ensure_topics(kafka.bootstrap, partitions=4, prefix=topic_prefix))
    process = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    yield process
    if process.process is not None:
        process.kill()


@pytest.fixture
def own_ingest_without_topics(kafka: Broker, tmp_path: Path, topic_prefix: str) -> Iterator[IngestProcess]:
    """A service of this test alone, which runs and answers 503 until its topics are created."""
    process = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    process.start(ready=False)
    yield process
    process.kill()
