"""Ingest in a number of processes on one port, below one parent whose id stands for all of them."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

import httpx
import msgspec

from deploy.local.ports import free_port
from deploy.local.stack import LocalStack
from tests.bench.processes import Started

__all__ = ["PATH", "Service", "ingest_group"]

PATH = "/v1/batch"
START_SECONDS = 60.0
LOOK_SECONDS = 0.1
PARENT = """
trap : TERM
for port in $PORTS; do UPSWING_INGEST_OWN_PORT=$port "$PYTHON" -m upswing ingest & done
wait
wait
"""


class Service(msgspec.Struct, frozen=True):
    """A service under load. Shape: `pid` is the process that it is, or the parent of its processes."""

    url: str
    write_key: str
    pid: int


@contextlib.asynccontextmanager
async def ingest_group(stack: LocalStack, write_key: str, processes: int) -> AsyncIterator[Service]:
    """Give ingest in so many processes, each ready. Errors: `RuntimeError` when one does not start."""
    ports = [free_port() for _ in range(processes)]
    own = {"PORTS": " ".join(map(str, ports)), "PYTHON": sys.executable}
    log = stack.log(f"ingest-{processes}")
    group = Started(["sh", "-c", PARENT], stack.environment("ingest") | own, log)
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            deadline = time.monotonic() + START_SECONDS
            while not all([await _ready(client, port) for port in ports]):
                group.check()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{processes} processes of ingest are not ready: {group.last_words()} ({log})")
                await asyncio.sleep(LOOK_SECONDS)
        yield Service(f"{stack.settings.url('ingest')}{PATH}", write_key, group.process.pid)
    finally:
        await asyncio.to_thread(group.stop)


async def _ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).is_success
    except httpx.TransportError:
        return False
