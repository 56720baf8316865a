"""`upswing doctor`: what is wrong with a setup, and what to do."""

import asyncio
import sys
from typing import Any

import click

from deploy.local.leftovers import holder
from deploy.local.noted import settings_to_ask
from deploy.local.reload import local_database
from upswing.commands.up import stack_options
from upswing.doctor.finding import Setup
from upswing.doctor.rows import CHECKS

__all__ = ["command"]

MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


@click.command(name="doctor")
@stack_options
@click.option("--kafka", help="A broker to look at, when it is not that of `upswing up`.")
@click.option("--database", help="A database to look at, when it is not that of `upswing up`.")
@click.option("--replication", type=click.IntRange(1, 9), default=1, show_default=True, help="Replicas of each topic.")
def command(kafka: str | None, database: str | None, replication: int, **chosen: Any) -> None:
    """Look at this setup and say what is wrong; exit code 1 when something is.

    It only looks: nothing is started, created or changed.
    """
    settings = settings_to_ask(**chosen)
    running = holder(settings.data) is not None
    setup = Setup(
        settings=settings,
        running=running,
        kafka=kafka or (settings.bootstrap if running else None),
        database=database or (local_database(settings) if running else None),
        replication=replication,
    )
    sys.exit(asyncio.run(report(setup)))


async def report(setup: Setup) -> int:
    """Print every finding, and return the exit code."""
    problems = 0
    for name, check in CHECKS.items():
        async for finding in check(setup):
            problems += finding.state == "wrong"
            click.echo(f"{MARKS[finding.state]} {name}: {finding.sentence}")
    click.echo(f"{problems} things are wrong" if problems else "nothing is wrong")
    return 1 if problems else 0
