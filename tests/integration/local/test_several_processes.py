"""Several processes of ingest in the local stack: each is ready, supervised, restarted and gone at the end."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import free_port
from deploy.local.reload import reload_stack
from deploy.local.settings import LocalSettings, local_settings
from deploy.local.stack import LocalStack

PATIENCE = 60


@pytest.fixture
def settings(jars: list[Path], scratch: Path) -> Iterator[LocalSettings]:
    """Two processes of ingest on ports of their own, in a fresh folder that PostgreSQL's user may enter."""
    data = Path(tempfile.mkdtemp(dir=scratch))
    data.chmod(0o755)
    ports = {f"{name}_port": free_port() for name in ("kafka", "controller", "ingest", "ingest_own")}
    yield local_settings(data=data, jars=jars[0].parent, partitions=2, ingest_processes=2, **ports)
    shutil.rmtree(data, ignore_errors=True)


async def test_each_process_of_ingest_is_supervised_and_has_a_log(settings: LocalSettings) -> None:
    """Ready at its own port, started again after kill -9 and with changed settings, and not left behind."""
    said: list[str] = []
    async with LocalStack(settings, say=said.append, services=("ingest",)) as stack:
        async with httpx.AsyncClient(trust_env=False) as client:
            answers = [await client.get(f"{settings.own_url(name)}/readyz") for name in ("ingest", "ingest-2")]
        assert [answer.status_code for answer in answers] == [httpx.codes.OK] * 2
        assert stack.log("ingest-2").exists()
        second = stack.supervisor.pid("ingest-2")
        assert second
        os.kill(second, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while not any("ingest-2 is ready again" in line for line in said):
                await asyncio.sleep(0.05)
        before = [stack.supervisor.pid(name) for name in ("ingest", "ingest-2")]
        await reload_stack(stack, settings)
        after = [stack.supervisor.pid(name) for name in ("ingest", "ingest-2")]
        assert None not in after
        assert not set(before) & set(after)
    assert not list((settings.data / "run").glob("*.pid"))
