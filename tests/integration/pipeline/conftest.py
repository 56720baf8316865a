"""A migrated database, the topics and a running pipeline of one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.postgres import LocalPostgres
from tests.support.broker import Broker
from tests.support.pipeline.databases import copy_of, make_template
from tests.support.pipeline.log import Log, open_log
from tests.support.pipeline.office import Office, open_office
from tests.support.pipeline.process import PipelineProcess
from tests.support.pipeline.samples import PEOPLE, make_snapshot, make_trigger


@pytest.fixture(scope="session")
def template(postgres: LocalPostgres) -> str:
    """A database with the pipeline's tables, migrated once a session."""
    return make_template(postgres)


@pytest.fixture
async def database(postgres: LocalPostgres, template: str) -> AsyncIterator[str]:
    """A database with the pipeline's tables, of this test alone."""
    async with copy_of(postgres, template) as url:
        yield url


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
async def office(database: str) -> AsyncIterator[Office]:
    """API and work on a database of this test."""
    async with open_office(database) as opened:
        yield opened


@pytest.fixture
async def csm(office: Office) -> httpx.AsyncClient:
    """A CSM's client; the account is known, and one lead of it is open."""
    await office.put_people(PEOPLE)
    await office.show(make_snapshot())
    await office.take(make_trigger())
    return office.as_("csm")
