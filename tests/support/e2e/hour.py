"""A newcomer's first hour: `upswing init` as docs/first-hour.md writes it, on a folder and ports of its own."""

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path

from deploy.local.ports import free_port
from deploy.local.settings import PORTS
from tests.support.receivers import Slack

__all__ = ["PAGE", "SECONDS", "Hour", "Run"]

PAGE = Path(__file__).parents[3] / "docs" / "first-hour.md"
HOOK = "https://hooks.slack.com/services/T000/B000/XXXX"
SECONDS = 120


class Run:
    """One running `upswing init` and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, wanted: str) -> list[str]:
        """Return what was printed up to the line that begins so."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while line := (await self.process.stdout.readline()).decode():
                self.lines.append(line.rstrip("\n"))
                if line.startswith(wanted):
                    return self.lines
        raise AssertionError("\n".join(self.lines))

    async def end(self) -> tuple[int, str]:
        """Return the exit code and all that was printed."""
        async with asyncio.timeout(SECONDS):
            rest, _ = await self.process.communicate()
        return self.process.returncode or 0, "\n".join([*self.lines, rest.decode()])


class Hour:
    """A newcomer's first hour: a folder, ports, a Slack, and the running stack."""

    def __init__(self, folder: Path, jars: Path, slack: Slack) -> None:
        self.folder, self.slack, self.jars = folder, slack, jars
        self.ports = {name: free_port() for name in PORTS}
        self.up: Run

    def words(self, number: int) -> list[str]:
        """Return a documented `upswing init` command, with this hour's receivers in place of the examples."""
        text = PAGE.read_text().replace("\\\n", " ").replace(HOOK, self.slack.hook)
        commands = re.findall(r"^upswing (init --yes .*)$", text, re.MULTILINE)
        return [*shlex.split(commands[number]), "--allow-local"]

    async def run(self, *words: str) -> Run:
        """Start an `upswing` command on this hour's folder."""
        where = ["--data", str(self.folder)]
        if words[0] == "init":
            where += ["--partitions", "3"]
            where += [word for name, port in self.ports.items() for word in (f"--{name}-port", str(port))]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "upswing", *words, *where),
            env=os.environ | {"UPSWING_LOCAL_JARS": str(self.jars)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return Run(process)
