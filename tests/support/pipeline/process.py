"""A pipeline as a process of its own, for tests that use, kill and restart it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from deploy.local.ports import free_port

__all__ = ["ROOT", "PipelineProcess"]

ROOT = Path(__file__).parents[3]
START_SECONDS = 60
SETTINGS = {
    "INSTANCE": "p1",
    "LOG_JSON": "false",
    "SESSION_SECONDS": "6",
    "HEARTBEAT_SECONDS": "0.5",
    "PLAYBOOK": str(ROOT / "playbooks" / "default.yaml"),
}


class PipelineProcess:
    """One pipeline. `settings` are those of the service, without their prefix, as text."""

    def __init__(self, folder: Path, bootstrap: str, prefix: str, database: str, **settings: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "pipeline.log"
        own = {"KAFKA": bootstrap, "TOPIC_PREFIX": prefix, "DATABASE": database, "PORT": str(self.port)}
        self._settings = {f"UPSWING_PIPELINE_{name}": value for name, value in (SETTINGS | own | settings).items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, die: str = "") -> None:
        """Start it; `die` is explained in `launch`."""
        environment = os.environ | self._settings | {"UPSWING_TEST_DIE": die}
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.pipeline.launch"],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
            )

    async def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Return when it says that it can do its work."""
        deadline = time.monotonic() + seconds
        while True:
            ready, checks = await self.readiness()
            if ready:
                return
            assert self.running, f"the pipeline ended with {self.exit_code}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"not ready: {checks}\n{self.tail()}"
            await asyncio.sleep(0.05)

    async def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Return what `/readyz` answers."""
        async with httpx.AsyncClient(base_url=self.address) as client:
            try:
                answer = (await client.get("/readyz", timeout=10)).json()
            except httpx.HTTPError:
                return False, {}
        return answer["ready"], answer["checks"]

    async def metrics(self) -> dict[str, float]:
        """Return the values of `/metrics` by name and labels."""
        async with httpx.AsyncClient(base_url=self.address) as client:
            lines = (await client.get("/metrics", timeout=10)).text.splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    @property
    def running(self) -> bool:
        """Return whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Return the exit code; negative is the signal that ended it."""
        return self._process.poll() if self._process else None

    async def wait(self, seconds: float = START_SECONDS) -> int:
        """Wait for its end and return the exit code."""
        deadline = time.monotonic() + seconds
        while self.running:
            assert time.monotonic() < deadline, f"the pipeline still runs after {seconds} s:\n{self.tail()}"
            await asyncio.sleep(0.02)
        assert self._process
        return self._process.returncode

    async def stop(self) -> int:
        """End it as a supervisor does, and return the exit code."""
        self.signal(signal.SIGTERM)
        return await self.wait()

    def kill(self) -> None:
        """End it with kill -9."""
        self.signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def signal(self, which: signal.Signals) -> None:
        """Send a signal, when it runs."""
        if self._process and self.running:
            self._process.send_signal(which)

    def tail(self, lines: int = 40) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
