"""The local stack with a real broker and database: what it brings up, refuses and repairs."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.ports import free_port
from deploy.local.settings import LocalSettings, local_settings
from deploy.local.stack import LocalStack
from shared.io.database import make_engine, pending_revision, services_with_migrations
from shared.io.kafka import check_broker, compare_topics
from shared.kernel.errors import ConfigurationError
from shared.kernel.topics import TOPICS


@pytest.fixture
def settings(jars: list[Path], scratch: Path) -> Iterator[LocalSettings]:
    """Settings with ports of its own and a fresh folder that PostgreSQL's user may enter."""
    data = Path(tempfile.mkdtemp(dir=scratch))
    data.chmod(0o755)
    ports = {f"{name}_port": free_port() for name in ("kafka", "controller", "ingest", "pipeline", "notify", "signals")}
    yield local_settings(data=data, jars=jars[0].parent, partitions=2, **ports)
    shutil.rmtree(data, ignore_errors=True)


async def told(command: str, argument: str, data: Path) -> str:
    """Return what a command says that knows the data folder and nothing else."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "upswing", command, argument, "--data", str(data)), stdout=asyncio.subprocess.PIPE
    )
    out, _none = await process.communicate()
    return out.decode()


async def tools_find_it(data: Path) -> None:
    """See that commands talk to the stack of a folder, on whatever ports it runs."""
    assert await told("topics", "check", data) == f"{len(TOPICS)} topics are as declared\n"
    assert await told("dead-letters", "list", data) == "there are no dead letters\n"
    assert (await told("trace", "nope", data)).startswith("nowhere   no event nope")


async def until_said(said: list[str], words: str) -> None:
    """Return when a line with these words was said."""
    async with asyncio.timeout(30):
        while not any(words in line for line in said):
            await asyncio.sleep(0.05)


def processes_of(data: Path) -> list[int]:
    """Return the processes that were started with this data folder."""
    return [process.pid for process in psutil.process_iter(["cmdline"]) if str(data) in str(process.info["cmdline"])]


async def test_a_stack_brings_topics_and_tables_keeps_broker_and_database_alive_and_leaves_nothing(
    settings: LocalSettings,
) -> None:
    """Up, both killed and back, a second one refused in its folder, down without a process left."""
    said: list[str] = []
    hooked: list[list[str]] = []

    async def hook(stack: LocalStack) -> None:
        hooked.append(await compare_topics(stack.bootstrap, 2))

    async with LocalStack(settings, say=said.append, services=(), before_services=[hook]) as stack:
        assert hooked == [[]]
        for service in services_with_migrations():
            assert await pending_revision(service, stack.database_url) is None
        with pytest.raises(ConfigurationError, match="in use by process"):
            await LocalStack(settings, services=()).start()
        await tools_find_it(settings.data)

        broker = stack.supervisor.pid("kafka")
        assert broker
        os.kill(broker, signal.SIGKILL)
        await until_said(said, "kafka was ended by SIGKILL")
        await until_said(said, "kafka is ready again")
        await check_broker(stack.bootstrap)

        server = stack.postgres.pid()
        assert server
        os.kill(server, signal.SIGKILL)
        await until_said(said, "PostgreSQL ended; starting it again")
        await until_said(said, "PostgreSQL runs again")
        engine = make_engine(stack.database_url)
        async with engine.connect():
            pass
        await engine.dispose()
    assert processes_of(settings.data) == []


async def test_a_taken_port_is_one_sentence_that_says_who_and_what_to_do(settings: LocalSettings) -> None:
    """The holder, its process and the option are named, before anything is started."""
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", settings.pipeline_port)
    sentence = rf"port {settings.pipeline_port} for pipeline is taken by .* \(process {os.getpid()}\).* --pipeline-port"
    with pytest.raises(ConfigurationError, match=sentence):
        async with LocalStack(settings):
            pass
    listener.close()
    await listener.wait_closed()
    assert not (settings.data / "kafka").exists()


async def test_a_full_disk_is_said_before_anything_is_written(settings: LocalSettings) -> None:
    """What is free, and what is wanted."""
    wanting = settings.model_copy(update={"free_megabytes": 1 << 40})
    with pytest.raises(ConfigurationError, match=r"MB are free on the disk of .*: free some, or choose another folder"):
        async with LocalStack(wanting):
            pass


def test_the_environment_of_a_service_holds_the_stacks_addresses_and_the_files_settings(
    settings: LocalSettings,
) -> None:
    """The file in the data folder adds to what is inherited; the stack's own addresses win."""
    (settings.data / "upswing.env").write_text("UPSWING_NOTIFY_SLACK_TOKEN=xoxb-1\nUPSWING_NOTIFY_PORT=1\n")
    environment = settings.service_environment("notify", "postgresql+asyncpg://x")
    assert environment["UPSWING_NOTIFY_SLACK_TOKEN"] == "xoxb-1"
    assert environment["UPSWING_NOTIFY_PORT"] == str(settings.notify_port)
    assert environment["UPSWING_NOTIFY_DATABASE"] == "postgresql+asyncpg://x"
    assert environment["PATH"] == os.environ["PATH"]


def test_a_wrong_setting_is_one_sentence() -> None:
    """The setting is named."""
    with pytest.raises(ConfigurationError, match="kafka_port: Input should be less than or equal to 65535"):
        local_settings(kafka_port=70_000)
