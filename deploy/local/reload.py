"""A running stack from the outside: where its database is, and how it is asked to take changed settings.

A stack that can do so notes in `run/reloads` its process id, how often it has tried, and what stood in the way the last
time; SIGUSR1 asks for once more.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.leftovers import holder
from deploy.local.noted import note
from deploy.local.postgres import LocalPostgres
from deploy.local.settings import LocalSettings
from deploy.local.stack import DATABASE, LocalStack
from shared.kernel.errors import ConfigurationError, DependencyError

__all__ = ["local_database", "reload_stack", "reloads_noted", "request_reload"]

LOOK_SECONDS = 0.1
RELOAD_SECONDS = 180.0


def local_database(settings: LocalSettings) -> str:
    """Return the URL of the database of a stack, as it is or would be."""
    folder = (settings.data / "postgres").absolute()
    try:
        return LocalPostgres(folder).url(DATABASE)
    except DependencyError:
        return f"postgresql+asyncpg://postgres@/{DATABASE}?host={folder}"


async def reload_stack(stack: LocalStack, settings: LocalSettings) -> None:
    """Stop the services of a stack and start them with other settings; broker and database run on."""
    await stack.stop_services(*stack.services)
    stack.settings = settings
    note(settings)
    await stack.start_services(*stack.services)


@contextmanager
def reloads_noted(settings: LocalSettings) -> Iterator["Reloads"]:
    """Say, while this lasts, that this process takes SIGUSR1 for the wish to read its settings again."""
    noted = Reloads(settings.data / "run" / "reloads")
    noted.tell()
    try:
        yield noted
    finally:
        noted.path.unlink(missing_ok=True)


class Reloads:
    """How often a stack has read its settings again."""

    def __init__(self, path: Path) -> None:
        self.path, self.count = path, 0

    def tell(self, trouble: str = "") -> None:
        """Note the process and the count, and what stood in the way."""
        draft = self.path.with_suffix(".new")
        draft.write_text(f"{os.getpid()} {self.count} {trouble}")
        draft.replace(self.path)

    def done(self, trouble: str = "") -> None:
        """Note that it was tried once more."""
        self.count += 1
        self.tell(trouble)


async def request_reload(settings: LocalSettings) -> None:
    """Ask the stack on a data folder to read its settings again, and return when its services are ready with them.

    Errors: `ConfigurationError` when that stack cannot do it, `DependencyError` when it does not become ready.
    """
    path = settings.data / "run" / "reloads"
    pid, count, _trouble = _read(path)
    if pid is None or holder(settings.data) != str(pid):
        raise ConfigurationError(
            f"the stack on {settings.data} runs with the settings of before: stop it, start it again with "
            "`upswing up`, and run `upswing init` once more"
        )
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + RELOAD_SECONDS
    while _read(path)[1] == count:
        if time.monotonic() > deadline or holder(settings.data) != str(pid):
            raise DependencyError(
                f"the services did not start with the new settings: `upswing doctor --data {settings.data}` says why"
            )
        await asyncio.sleep(LOOK_SECONDS)
    if trouble := _read(path)[2]:
        raise DependencyError(f"the services did not start with the new settings: {trouble}")


def _read(path: Path) -> tuple[int | None, int, str]:
    try:
        pid, count, trouble = path.read_text().split(" ", 2)
        return int(pid), int(count), trouble
    except (OSError, ValueError):
        return None, 0, ""
