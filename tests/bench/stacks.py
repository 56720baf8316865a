"""The stack to measure on: real processes of this machine on free ports, in a folder that begins empty."""

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.ports import free_port
from deploy.local.settings import PORTS, LocalSettings
from deploy.local.stack import LocalStack
from shared.io.kafka import connect_admin, make_consumer
from tests.bench.processes import Meter

__all__ = ["FOLDER", "Progress", "fresh_settings", "meter", "running", "say", "tell_strangers", "until_caught_up"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".bench"
LOOK_SECONDS = 0.1
MUCH_CORES = 0.15
ROUNDS_WITHOUT_LAG = 3


def say(line: str) -> None:
    """Tell a person what happens; the table goes to standard output."""
    sys.stderr.write(f"bench: {line}\n")
    sys.stderr.flush()


def tell_strangers(part: str, cores: float) -> None:
    """Say what others took of the machine, when it was much."""
    if cores > MUCH_CORES:
        say(f"{part}: others used {cores:.2f} cores meanwhile, so this is worse than it can be: run it again alone")


def fresh_settings(name: str) -> LocalSettings:
    """Return the settings of a stack that has no data yet; the broker's jars are those of the demo and the tests."""
    data = FOLDER / name
    shutil.rmtree(data, ignore_errors=True)
    ports: dict[str, Any] = {f"{port}_port": free_port() for port in PORTS}
    return LocalSettings(data=data, jars=ROOT / ".upswing" / "jars", **ports)


@contextlib.asynccontextmanager
async def running(settings: LocalSettings, **how: Any) -> AsyncIterator[LocalStack]:
    """Run a stack, and remove its data afterwards; its logs stay."""
    try:
        async with LocalStack(settings, say=say, **how) as stack:
            yield stack
    finally:
        for name in ("kafka", "postgres", "signals"):
            shutil.rmtree(settings.data / name, ignore_errors=True)


def meter(pids: Mapping[str, int | None]) -> Meter:
    """Return a meter of those that run."""
    return Meter({name: pid for name, pid in pids.items() if pid is not None})


class Progress:
    """How far consumer groups are. Use it as an async context manager."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        self._entered = connect_admin(self._bootstrap)
        self._admin = await self._entered.__aenter__()
        self._consumer = make_consumer(self._bootstrap, None)
        await self._consumer.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Disconnect."""
        assert self._consumer
        await self._consumer.stop()
        await self._entered.__aexit__(None, None, None)

    async def ends(self, topic: str, partitions: int) -> dict[TopicPartition, int]:
        """Return the end of each partition."""
        assert self._consumer
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(
            [TopicPartition(topic, number) for number in range(partitions)]
        )
        return found

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return the offsets that a group has committed."""
        assert self._admin
        found = await self._admin.list_consumer_group_offsets(group)
        return {part: meta.offset for part, meta in found.items()}

    async def lag(self, group: str, topic: str, partitions: int) -> int:
        """Return how many records of a topic a group has not committed."""
        done, ends = await self.committed(group), await self.ends(topic, partitions)
        return sum(max(0, end - max(0, done.get(part, 0))) for part, end in ends.items())


async def until_caught_up(bootstrap: str, pairs: Iterable[tuple[str, str]], partitions: int, seconds: float) -> None:
    """Return when groups have committed all of their topics. Errors: `RuntimeError` naming who lags after a while."""
    deadline = time.monotonic() + seconds
    quiet = 0
    async with Progress(bootstrap) as progress:
        while quiet < ROUNDS_WITHOUT_LAG:
            behind = {f"{group} on {topic}": await progress.lag(group, topic, partitions) for group, topic in pairs}
            behind = {who: records for who, records in behind.items() if records}
            quiet = 0 if behind else quiet + 1
            if time.monotonic() > deadline:
                who = ", ".join(f"{name}: {records} records" for name, records in behind.items())
                raise RuntimeError(f"not caught up after {seconds:.0f} s ({who})")
            await asyncio.sleep(LOOK_SECONDS)
