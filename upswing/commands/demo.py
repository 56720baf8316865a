"""`upswing demo`: see the whole product at work on this machine, within a minute."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from deploy.local.settings import PORTS

INTERRUPTED = 130
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _ports(function: Callable[..., None]) -> Callable[..., None]:
    for name in reversed(PORTS):
        function = click.option(f"--{name}-port", type=click.IntRange(1, 65_535), help=f"Port of {name}.")(function)
    return function


@click.command(name="demo")
@click.option(
    "--history",
    type=click.Path(file_okay=False, path_type=Path),
    help="Play the CSV files of this folder instead of the made-up company.",
)
@click.option("--mapping", type=FILE, envvar="MAPPING", help="What the files' columns mean; found if not given.")
@click.option("--playbook", type=FILE, envvar="PLAYBOOK", help="The playbook, if not the demo's or the mapping's.")
@click.option("--keep", is_flag=True, help="Leave everything running until Ctrl-C.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for all data. [.upswing]")
@_ports
def command(history: Path | None, mapping: Path | None, playbook: Path | None, keep: bool, **chosen: Any) -> None:
    """Start a whole stack, play history and live events through the Segment SDK, and print alerts as they arrive."""
    from upswing.demo.run import Wish, run_demo  # noqa: PLC0415 - `upswing --help` stays quick

    if not asyncio.run(run_demo(Wish(chosen, history, mapping, playbook, keep))):
        click.echo("upswing: stopped", err=True)
        sys.exit(INTERRUPTED)
