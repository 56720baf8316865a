"""What all tests share: one real Kafka and one real PostgreSQL a session, fresh topics and databases a test."""

import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.jars import ensure_jars
from deploy.local.postgres import LocalPostgres
from tests.support.broker import Broker
from tests.support.sweep import own_folder, sweep

ROOT = Path(__file__).parent.parent
JARS = ROOT / ".upswing" / "jars"


def pytest_configure() -> None:
    """Hear Ctrl-C, and let what the tests start hear it, where the shell put the tests in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder of this session outside of pytest's own, which only one user may enter: PostgreSQL's is another."""
    sweep()
    folder = own_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def jars() -> list[Path]:
    """The broker's jars, fetched once into the folder that the demo uses too."""
    return ensure_jars(JARS)


@pytest.fixture(scope="session")
def kafka(scratch: Path, jars: list[Path]) -> Iterator[Broker]:
    """The session's broker. Leave it alive: take `own_kafka` to break one."""
    broker = Broker(scratch / "kafka", jars)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def own_kafka(scratch: Path, jars: list[Path]) -> Iterator[Broker]:
    """A broker of this test alone, to be stopped, killed or frozen."""
    broker = Broker(scratch / f"kafka-{secrets.token_hex(4)}", jars)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test uses; create topics with `ensure_topics(kafka.bootstrap, prefix=topic_prefix)`."""
    return f"t{secrets.token_hex(4)}."


@pytest.fixture(scope="session")
def postgres(scratch: Path) -> Iterator[LocalPostgres]:
    """The session's database server; `url(name)` is the URL of a database."""
    server = LocalPostgres(scratch / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def database_url(postgres: LocalPostgres) -> AsyncIterator[str]:
    """A fresh, empty database of this test: `postgresql+asyncpg://...`."""
    name = f"t{secrets.token_hex(4)}"
    maintenance = postgres.url().replace("+asyncpg", "")
    connection = await asyncpg.connect(maintenance)
    try:
        await connection.execute(f"create database {name}")
        yield postgres.url(name)
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()
