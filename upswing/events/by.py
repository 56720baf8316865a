"""By which playbook payloads are read: names by the file that ingest reads, facts by what signals judges by."""

import asyncio
import time
from pathlib import Path

import click
import msgspec

from deploy.local.noted import settings_to_ask, started_with
from deploy.local.settings import LocalSettings
from shared.io.playbooks import read_playbook
from shared.kernel.errors import DependencyError
from shared.kernel.playbook import Playbook
from upswing.publishing.in_force import InForce, in_force
from upswing.publishing.versions import published
from upswing.trace.logbook import Logbook

__all__ = ["playbook_of", "with_facts_by"]

PATIENCE_SECONDS = 5.0


def playbook_of(named: Path | None, data: Path | None) -> Playbook:
    """Return the playbook that is named, else that of the local stack, and say on standard error which that is.

    Shape: the file is read as it is now, so that a new row can be tried out before ingest has read it.
    """
    if named is not None:
        return read_playbook(named)
    local = settings_to_ask(data=data)
    playbook, started = read_playbook(local.playbook), started_with(local.data)
    said = f"by {local.playbook}, version {playbook.version}"
    if started is None:
        click.echo(f"{said} (no stack runs in {local.data.absolute()})", err=True)
        return playbook
    edited = started.playbook.digest != playbook.digest and started.path == local.playbook.absolute()
    click.echo(f"{said}{', which was edited after the services were started' if edited else ''}", err=True)
    return with_facts_by(_judging(local), playbook)


def with_facts_by(judging: InForce | None, playbook: Playbook) -> Playbook:
    """Return a playbook with the tracking plan of the file, and all else as it was published, when it was."""
    if judging is None or judging.playbook is None or judging.file is not None:
        return playbook
    click.echo(f"facts are judged by version {judging.version}, {judging.how}", err=True)
    return msgspec.structs.replace(judging.playbook, tracking=playbook.tracking, time=playbook.time)


def _judging(local: LocalSettings) -> InForce | None:
    async def ask() -> InForce | None:
        async with Logbook(local.bootstrap, local.topic_prefix, stall_seconds=PATIENCE_SECONDS) as book:
            return await in_force(book, await published(book), started_with(local.data), time.time_ns() // 1_000_000)

    try:
        return asyncio.run(ask())
    except DependencyError as error:
        click.echo(f"whether another playbook was published is not known: {error}", err=True)
        return None
