"""Keeps programs running: starts them, says when and why one ended, starts it again after a growing pause.

Written here because what exists either never restarts (honcho) or is a daemon with its own configuration and sockets
(supervisor, circus), and neither is usable as a library inside the demo.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from deploy.local.last_words import last_words
from deploy.local.leftovers import forget, remember
from shared.kernel.errors import EXIT_CONFIGURATION, DependencyError

__all__ = ["Program", "Supervisor"]

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 30.0
POLL_SECONDS = 0.1
TRIES_TO_START = 3
TELL_SECONDS = 10.0
LONGEST_LOG_BYTES = 64 << 20

Ready = Callable[[], Awaitable[str | None]]


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program to keep running.

    Shape: `ready` returns None when the program can do its work, else why it cannot yet, in a few words.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    ready: Ready
    folder: Path | None = None
    grace_seconds: float = 20.0


class Kept:
    """One running program and what happened to it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: Process | None = None
        self.task: asyncio.Task[None] | None = None
        self.again: asyncio.Task[None] | None = None
        self.log_began = 0
        self.exits = 0
        self.is_hopeless = False
        self.untrimmed = ""
        self.reason = "it has not been started"


class Supervisor:
    """Programs of one stack. `say` gets one line for each thing that a person should know."""

    def __init__(self, run_folder: Path, say: Callable[[str], None]) -> None:
        self._run_folder = run_folder
        self._say = say
        self._kept: dict[str, Kept] = {}

    def pid(self, name: str) -> int | None:
        """Return the process id of a program, None while it does not run."""
        kept = self._kept.get(name)
        return kept.process.pid if kept and kept.process and kept.process.returncode is None else None

    def restarts(self, name: str) -> int:
        """Return how often a program ended without being asked to."""
        return self._kept[name].exits

    async def start(self, program: Program) -> None:
        """Start a program and keep it running; returns at once."""
        kept = self._kept[program.name] = Kept(program)
        await self._spawn(kept)
        kept.task = asyncio.create_task(self._keep(kept), name=f"keep {program.name}")

    async def until_ready(self, *names: str, seconds: float) -> None:
        """Return when the programs are ready.

        Errors: `DependencyError` with the reason, when one ends three times before it was ready, or the time is over.
        """
        await asyncio.gather(*(self._until_ready(self._kept[name], seconds) for name in names))

    async def stop(self, *names: str) -> bool:
        """Stop programs, all when none is named, each with its time to finish; return whether none had to be killed."""
        wanted = [name for name in self._kept if name in (names or self._kept)]
        return all(await asyncio.gather(*(self._stop(self._kept.pop(name)) for name in wanted)))

    def trim_logs(self) -> None:
        """Move each log that has grown too long aside, and keep one older part. Programs append: none is in the way.

        Errors: what the disk refuses is said once and tried again at the next call.
        """
        for kept in list(self._kept.values()):
            log, before = kept.program.log, kept.untrimmed
            kept.untrimmed = ""
            try:
                if log.exists() and log.stat().st_size > LONGEST_LOG_BYTES:
                    shutil.copyfile(log, log.with_suffix(".log.1"))
                    os.truncate(log, 0)
            except OSError as error:
                kept.untrimmed = f"the log {log} cannot be moved aside: {error.strerror or error}"
                if kept.untrimmed != before:
                    self._say(kept.untrimmed)

    async def _until_ready(self, kept: Kept, seconds: float) -> None:
        program, began, told = kept.program, time.monotonic(), 1
        while (why := await _why_not(program)) is not None or self.pid(program.name) is None:
            waited = time.monotonic() - began
            if kept.is_hopeless or kept.exits >= TRIES_TO_START:
                raise DependencyError(f"{program.name} does not start: it {kept.reason} (log: {program.log})")
            if waited > seconds:
                raise DependencyError(
                    f"{program.name} is not ready after {seconds:.0f} s: {why or kept.reason} (log: {program.log})"
                )
            if waited > told * TELL_SECONDS:
                told += 1
                self._say(f"{program.name} is not ready yet: {why or kept.reason}")
            await asyncio.sleep(POLL_SECONDS)

    async def _spawn(self, kept: Kept) -> None:
        program = kept.program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            kept.log_began = log.tell()
            kept.process = await asyncio.create_subprocess_exec(
                *program.command,
                env=program.environment,
                cwd=program.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the others in order
            )
        try:
            remember(self._run_folder, program.name, kept.process.pid)
        except OSError as error:
            self._say(f"{program.name} runs, but that cannot be noted in {self._run_folder}: {error.strerror}")

    async def _keep(self, kept: Kept) -> None:
        pause = FIRST_PAUSE_SECONDS
        while kept.process is not None:
            began = time.monotonic()
            code = await kept.process.wait()
            pause = FIRST_PAUSE_SECONDS if time.monotonic() - began > STEADY_SECONDS else pause
            kept.exits += 1
            kept.reason = f"{_ended(code)}{last_words(kept.program.log, kept.log_began, killed=code < 0)}"
            told, log = f"{kept.program.name} {kept.reason}", f"(log: {kept.program.log})"
            kept.is_hopeless = code == EXIT_CONFIGURATION
            if kept.is_hopeless:
                self._say(f"{told}; it is not started again, because that cannot mend it {log}")
                return
            self._say(f"{told}; starting it again in {pause:g} s {log}")
            pause = await self._spawn_after(kept, pause)
            kept.again = asyncio.create_task(self._say_when_ready(kept), name=f"await {kept.program.name}")

    async def _spawn_after(self, kept: Kept, pause: float) -> float:
        """Start a program after a pause, and return the next one; a machine that cannot do it now is asked again."""
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            try:
                await self._spawn(kept)
            except OSError as error:
                kept.reason = f"cannot be started: {error.strerror or error}"
                self._say(f"{kept.program.name} {kept.reason}; trying again in {pause:g} s")
            else:
                return pause

    async def _say_when_ready(self, kept: Kept) -> None:
        began = time.monotonic()
        while self.pid(kept.program.name) and await _why_not(kept.program) is not None:
            await asyncio.sleep(POLL_SECONDS)
        if self.pid(kept.program.name):
            self._say(f"{kept.program.name} is ready again after {time.monotonic() - began:.1f} s")

    async def _stop(self, kept: Kept) -> bool:
        tasks = [task for task in (kept.task, kept.again) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        process = kept.process
        if process and process.returncode is None:
            _signal(process, signal.SIGTERM)
            try:
                async with asyncio.timeout(kept.program.grace_seconds):
                    await process.wait()
            except TimeoutError:
                self._say(
                    f"{kept.program.name} did not stop within {kept.program.grace_seconds:g} s and was killed "
                    f"(log: {kept.program.log})"
                )
                _signal(process, signal.SIGKILL)
                await process.wait()
        forget(self._run_folder, kept.program.name)
        return process is None or process.returncode != -signal.SIGKILL


async def _why_not(program: Program) -> str | None:
    try:
        return await program.ready()
    except OSError as error:
        return f"it cannot be asked: {error.strerror or error}"


def _signal(process: Process, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, which) if which is signal.SIGKILL else process.send_signal(which)


def _ended(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    return f"was ended by {signal.Signals(-code).name}"
