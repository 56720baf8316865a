"""Checks of the services: the playbook, the write keys, and whether each can do its work now."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from deploy.local.noted import started_with
from deploy.local.settings import SERVICES
from services.ingest.key_file import read_keys
from shared.io.playbooks import find_problems, read_playbook
from shared.kernel.clock import iso
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.playbook import Playbook
from upswing.doctor.finding import Finding, Setup, note, ok, wrong
from upswing.publishing.differences import differences
from upswing.publishing.in_force import UNTOLD, InForce, in_force, unheeded
from upswing.publishing.versions import Published, published
from upswing.trace.logbook import Logbook

__all__ = ["compared", "not_heeded", "playbook", "readiness", "write_keys"]

ANSWER_SECONDS = 5.0


async def playbook(setup: Setup) -> AsyncIterator[Finding]:
    """Whether the playbook can be used."""
    path = setup.settings.playbook
    try:
        problems = await asyncio.to_thread(find_problems, path)
        for problem in problems:
            yield wrong(f"the playbook cannot be used: {path}: {problem}")
        if not problems:
            read = await asyncio.to_thread(read_playbook, path)
            yield ok(f"the playbook {path} can be used (version {read.version})")
            if setup.kafka is not None:
                yield await _in_force(setup, setup.kafka, read)
    except ConfigurationError as error:
        yield wrong(f"the playbook cannot be used: {error}")


async def _in_force(setup: Setup, kafka: str, of_file: Playbook) -> Finding:
    """Say which playbook signals judges by: the one published last, else the file that it was started with."""
    started = started_with(setup.settings.data) if setup.running else None
    try:
        async with Logbook(kafka, setup.settings.topic_prefix, stall_seconds=ANSWER_SECONDS) as book:
            known = await published(book)
            judging = await in_force(book, known, started, time.time_ns() // 1_000_000)
    except DependencyError as error:
        return note(f"which playbook is in force is not known: {error}")
    if idle := unheeded(known, judging):
        return not_heeded(idle[-1], judging)
    if judging is None:
        return ok(f"in force is that file, version {of_file.version}: none was published")
    return compared(judging, setup.settings.playbook, of_file)


def not_heeded(last: Published, judging: InForce | None) -> Finding:
    """Return what is to be said of the version published last, by which signals does not judge."""
    said = f"version {last.version} was published {iso(last.at)}"
    stays = f"version {judging.version}, {judging.how}" if judging else "the file in signals' settings"
    if last.playbook is None:
        return wrong(f"{said}, but cannot be used: {last.why}; in force is {stays}")
    return note(f"{said}, but {UNTOLD}; in force is {stays}")


def compared(judging: InForce, path: Path, of_file: Playbook) -> Finding:
    """Return what is to be said of the playbook in force, and of the file that has been looked at."""
    said = f"in force is version {judging.version}, {judging.how}"
    known = judging.playbook
    differ, same = len(differences(known, of_file)) if known else 0, judging.version == of_file.version
    if judging.file is None and not same:
        return note(f"{said}; the file has version {of_file.version}, by which pipeline and ingest go")
    if judging.file is None:
        other = (
            f"{said}; the file has that version with other numbers ({differ} differ), by which pipeline and ingest go"
        )
        return ok(said) if not known or known.digest == of_file.digest else note(f"{other}: give it a new `version`")
    if not differ and same:
        return ok(f"in force is that file, version {of_file.version}: none was published")
    if judging.file != path.absolute():
        return note(f"{said}: none was published; the file that was looked at has version {of_file.version}")
    publish = f"`upswing playbook publish {path}` puts it into force"
    return note(
        f"{said}, as it was when the services were started; it has been edited since (version {of_file.version}, "
        f"{differ} differ): {f'give it a new `version`, then {publish}' if same else publish}"
    )


async def write_keys(setup: Setup) -> AsyncIterator[Finding]:
    """Whether anybody may send events."""
    path = setup.settings.data / "keys.json"
    issue = f"`upswing keys --file {path} issue <source>` issues one"
    try:
        keys = (await asyncio.to_thread(read_keys, path)).keys
    except ConfigurationError as error:
        yield wrong(str(error))
        return
    if keys:
        yield ok(f"{len(keys)} write keys are valid")
    elif setup.running:
        yield wrong(f"there is no write key, so nobody can send events: {issue}")
    else:
        yield note(f"there is no write key yet: {issue}")


async def readiness(setup: Setup) -> AsyncIterator[Finding]:
    """Whether each service says that it can do its work now."""
    if not setup.running:
        return
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=ANSWER_SECONDS) as client:  # noqa: S501 - plain HTTP to this machine
        for program in setup.settings.programs(*SERVICES):
            yield await _ask(client, setup, program)


async def _ask(client: httpx.AsyncClient, setup: Setup, program: str) -> Finding:
    url = setup.settings.own_url(program)
    log = (setup.settings.data / "logs" / f"{program}.log").absolute()
    try:
        answer = await client.get(f"{url}/readyz")
    except httpx.TransportError as error:
        return wrong(f"{program} does not answer at {url} ({type(error).__name__}): its log says why ({log})")
    if answer.is_success:
        return ok(f"{program} is ready at {url}")
    checks: dict[str, str] = answer.json().get("checks", {})
    troubles = "; ".join(f"{name}: {why}" for name, why in checks.items() if why != "ok")
    return wrong(f"{program} is not ready ({troubles or 'no reason given'}): wait, or look at its log ({log})")
