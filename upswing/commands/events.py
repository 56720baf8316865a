"""`upswing events`: names that nothing maps, and what a payload becomes."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from shared.kernel.clock import DAY_MS, parse_instant
from upswing.broker import broker_options, find_broker

__all__ = ["command"]

GZIP = b"\x1f\x8b"
INFLATED_MAX_BYTES = 64 << 20
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(name="events")
def command() -> None:
    """What your events mean to Upswing: find names that nothing maps, and try payloads without sending them."""


@command.command()
@broker_options
@click.option("--playbook", type=FILE, help="The playbook that maps names; the local stack's by default.")
@click.option("--source", help="Only those of one write key's name.")
@click.option("--days", type=click.IntRange(1, 30), default=30, show_default=True, help="Only those seen since then.")
@click.option("--last", "most", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="All of them, for programs.")
def unmapped(playbook: Path | None, source: str | None, days: int, most: int, as_json: bool, **named: Any) -> None:
    """List names that nothing maps; propose rows.

    Counts are kept for 30 days and are those of all ingest processes, seconds old. Names that the playbook maps by now
    are left out, so a row that was added is seen to work at once.
    """
    from services.ingest.core.tracking import Tracking  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.events.by import playbook_of  # noqa: PLC0415 - the same
    from upswing.events.unmapped import described, lines, read_tallies, sum_up  # noqa: PLC0415 - the same

    broker = find_broker(**named)
    plan = playbook_of(playbook, named["data"])
    since_ms = time.time_ns() // 1_000_000 - days * DAY_MS
    tallies = asyncio.run(read_tallies(broker.kafka, broker.topic_prefix))
    found = sum_up(tallies, Tracking(plan.tracking, plan.time), since_ms, source)
    if as_json:
        _echo_json(described(found, plan))
        return
    for line in lines(found, plan, most):
        click.echo(line)


@command.command(name="test")
@click.argument("file")
@click.option("--dialect", help="How the payload is written; guessed from it by default.")
@click.option("--playbook", type=FILE, help="The playbook that says what it means; the local stack's by default.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The local stack's data folder.")
@click.option("--account", help="The account of users of whom the payload says none; else they are unknown.")
@click.option("--at", "arrival", help="When it arrives, as 2026-01-31T12:00:00Z; now by default.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def try_out(
    file: str,
    dialect: str | None,
    playbook: Path | None,
    data: Path | None,
    account: str | None,
    arrival: str | None,
    as_json: bool,
) -> None:
    """Show what a payload becomes; send nothing.

    For each item: type, account, user, time and properties, which row mapped it, or why it would be rejected. FILE is
    what a client would POST, or - for standard input. The exit code is 1 when something would be rejected.
    """
    from upswing.events.by import playbook_of  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.events.guess import find_dialect  # noqa: PLC0415 - the same
    from upswing.events.sample import lines, try_body  # noqa: PLC0415 - the same

    body = _body(file)
    spoken, route, why = find_dialect(body, dialect)
    plan = playbook_of(playbook, data)
    became = try_body(spoken, route, body, plan, _arrival(arrival), account)
    if as_json:
        _echo_json({"dialect": became.dialect, "path": route.path, "items": became.outcomes, "users": became.learned})
    else:
        guessed = "" if dialect else f", because {why} (--dialect says another)"
        click.echo(f"read as {became.dialect} at POST {route.path}{guessed}: {_items(len(became.outcomes))}")
        for line in lines(became):
            click.echo(line)
        click.echo(f"{became.rejected} of {len(became.outcomes)} would be rejected; nothing was sent")
    if became.rejected:
        sys.exit(1)


def _body(file: str) -> bytes:
    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.UsageError(
            f"cannot read {file}: {error.strerror}; name the file of a payload, or - for standard input"
        ) from None
    if body[:2] != GZIP:
        return body
    from services.ingest.refusal import Refusal  # noqa: PLC0415 - `upswing --help` stays quick
    from services.ingest.routes.body import inflate  # noqa: PLC0415 - the same

    try:
        return inflate(body, INFLATED_MAX_BYTES)
    except Refusal as error:
        raise click.UsageError(f"{file}: {error}") from None


def _arrival(given: str | None) -> int:
    if given is None:
        return time.time_ns() // 1_000_000
    try:
        return parse_instant(given)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None


def _echo_json(found: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"
