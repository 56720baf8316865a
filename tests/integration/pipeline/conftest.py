"""A migrated database, the topics and a running pipeline of one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.io.database import migrate
from tests.support.broker import Broker
from tests.support.pipeline.log import Log, open_log
from tests.support.pipeline.office import Office, open_office
from tests.support.pipeline.process import PipelineProcess


@pytest.fixture
async def database(database_url: str) -> str:
    """A database with the pipeline's tables."""
    await migrate("pipeline", database_url)
    return database_url


@pytest.fixture
async def log(kafka: Broker, topic_prefix: str) -> AsyncIterator[Log]:
    """The topics of this test."""
    async with open_log(kafka.bootstrap, topic_prefix) as topics:
        yield topics


@pytest.fixture
async def pipeline(tmp_path: Path, log: Log, database: str) -> AsyncIterator[PipelineProcess]:
    """A pipeline that runs as a process of its own."""
    process = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database)
    process.start()
    await process.wait_ready()
    yield process
    process.kill()


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    """API and work on a database of this test."""
    async with open_office(database_url) as opened:
        yield opened
