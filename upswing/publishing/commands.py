"""`upswing playbook publish` and `upswing playbook versions`."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from deploy.local.noted import started_with
from deploy.local.settings import local_settings
from shared.io.playbooks import DEFAULT, DEFAULT_FILE, find_problems, read_playbook
from shared.kernel.clock import iso
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook
from upswing.broker import Broker, broker_options, find_broker
from upswing.publishing.differences import differences
from upswing.publishing.in_force import UNTOLD, InForce, in_force, unheeded
from upswing.publishing.losses import accounts_without_plan, lines
from upswing.publishing.publish import check_version, put_into_force, wait_until_read
from upswing.publishing.versions import Published, published
from upswing.trace.logbook import Logbook

__all__ = ["in_force_by_file", "publish", "versions"]

MOST_SHOWN = 40
PATIENCE_SECONDS = 20.0
BY_SETTING = "signals judges by the file that UPSWING_SIGNALS_PLAYBOOK names"
OTHERS = (
    "pipeline (plays, owners, SLA) and ingest (tracking plan) read the file that their settings name "
    "(UPSWING_PIPELINE_PLAYBOOK, UPSWING_INGEST_PLAYBOOK) when they start: let them have the same one"
)


@click.command()
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--drop-plans", is_flag=True, help="Publish although accounts are on plans that FILE does not have.")
@broker_options
def publish(file: str, *, dry_run: bool, drop_plans: bool, **named: Any) -> None:
    """Put the playbook in FILE into force, while everything runs; a file that cannot be used changes nothing.

    It is compared with what is in force now. Open triggers keep the threshold they fired with; what becomes true only
    by the change fires when the account's day changes next. Triggers name the version they were decided under. To go
    back, publish the file of before.
    """
    for problem in (problems := find_problems(file)):
        click.echo(f"WRONG {problem}")
    if problems:
        raise ConfigurationError(f"{file} was not published, and what is in force stays: {len(problems)} wrong")
    playbook, broker = read_playbook(file), find_broker(**named)
    asyncio.run(_publish(playbook, broker, dry_run=dry_run, drop_plans=drop_plans))


async def _publish(playbook: Playbook, broker: Broker, *, dry_run: bool, drop_plans: bool) -> None:
    async with Logbook(broker.kafka, broker.topic_prefix) as book:
        now_ms = time.time_ns() // 1_000_000
        known, started = await published(book), None if broker.data is None else started_with(broker.data)
        before = await in_force(book, known, started, now_ms)
        if before and before.version == playbook.version and before.version not in _usable(known):
            raise ConfigurationError(
                f"version {playbook.version} judges already, by the file in signals' settings, and triggers name it: "
                "give the numbers to publish a new `version`"
            )
        check_version(playbook, known)
        for line in _changes(before, playbook):
            click.echo(line)
        lost = await accounts_without_plan(book, before.playbook if before else None, playbook)
        for line in lines(lost):
            click.echo(line)
        if lost and not drop_plans:
            raise ConfigurationError(_refusal(playbook, before, sum(map(len, lost.values()))))
        if dry_run:
            return
        offsets = await put_into_force(broker.kafka, broker.topic_prefix, playbook, now_ms)
        click.echo(f"published {playbook.version}, digest {playbook.digest[:12]}, to {len(offsets)} partitions")
        read = await wait_until_read(book, offsets, PATIENCE_SECONDS)
    if read == len(offsets):
        click.echo("signals judges by it from now on")
    else:
        click.echo(f"signals has read it in {read} of {len(offsets)} partitions; the others when it comes to them")
    click.echo(OTHERS)


def _usable(known: list[Published]) -> set[str]:
    return {row.version for row in known if row.playbook is not None}


def _refusal(playbook: Playbook, before: InForce | None, count: int) -> str:
    stays = f"{before.version} stays in force" if before else "nothing was published"
    accounts = "1 account" if count == 1 else f"{count} accounts"
    file = before.file if before and before.file else "<the file in force>"
    base = DEFAULT if isinstance(file, Path) and file.resolve() == DEFAULT_FILE.resolve() else file
    return (
        f"{stays}: with {playbook.version}, {accounts} would lose the limits, prices and next plan of their plan; to "
        f"change single numbers write `extends: {base}` in place of what it begins with, or say --drop-plans"
    )


@click.command()
@broker_options
def versions(kafka: str | None, data: Path | None, topic_prefix: str | None) -> None:
    """List the versions that have been published, and say which is in force: one of them, or a file."""
    broker = find_broker(kafka, data, topic_prefix)

    async def run() -> tuple[list[Published], InForce | None]:
        started = None if broker.data is None else started_with(broker.data)
        async with Logbook(broker.kafka, broker.topic_prefix) as book:
            known = await published(book)
            return known, await in_force(book, known, started, time.time_ns() // 1_000_000)

    for line in _listed(*asyncio.run(run()), broker.data):
        click.echo(line)


def _listed(known: list[Published], judging: InForce | None, data: Path | None) -> Iterator[str]:
    idle = unheeded(known, judging)
    for row in known:
        digest = row.playbook.digest[:12] if row.playbook else f"cannot be used: {row.why}"
        force = f"  {UNTOLD}" if row in idle and row.playbook else ""
        if judging is not None and judging.file is None and judging.version == row.version:
            force = "  in force"
        yield f"{iso(row.at)}  {row.version}  {digest}{force}"
    if len(idle) == len(known):  # none of them
        none = "none of them is in force" if known else "none was published"
        if judging is not None:
            yield f"{none}: in force is version {judging.version}, {judging.how}"
        else:
            yield f"{none}: {BY_SETTING if data is None else in_force_by_file(data)}"


def in_force_by_file(data: Path) -> str:
    """Return a sentence on the file by which signals of a local stack judges until a version is published."""
    started = started_with(data)
    path = started.path if started else local_settings(data=data).playbook
    version = started.playbook.version if started else read_playbook(path).version
    return f"in force is the file that the stack was started with, {path}, version {version}"


def _changes(before: InForce | None, after: Playbook) -> Iterator[str]:
    if before is None:
        yield "the first version to be published and in force: until now signals judged by the file in its settings"
        return
    yield f"in force is {before.version}, {before.how}"
    if before.playbook is None:
        yield "its file is not known here, so what differs cannot be told"
        return
    found = differences(before.playbook, after)
    count = "nothing differs" if not found else f"{len(found)} {'differ' if len(found) > 1 else 'differs'}"
    yield f"{before.version} -> {after.version}: {count}"
    yield from (f"  {row.path}: {row.before} -> {row.after}" for row in found[:MOST_SHOWN])
    if len(found) > MOST_SHOWN:
        yield f"  and {len(found) - MOST_SHOWN} more"
