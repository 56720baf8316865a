"""`upswing compile`: make the signals core faster where there is a C compiler."""

import sys
import tempfile
import time
from pathlib import Path

import click

from services.signals.compiled import folder
from services.signals.settings import Settings
from shared.io.settings import read_settings
from shared.kernel.errors import DependencyError

__all__ = ["command"]

SLOWER = "it runs interpreted, which takes about 1.7 times the processor"


@click.command(name="compile")
@click.option("--optional", is_flag=True, help="What make asks for: exit code 0 when it cannot be compiled here.")
@click.option("--check", "checks", is_flag=True, help="Only say whether mypyc can compile the sources.")
def command(optional: bool, checks: bool) -> None:
    """Compile the signals core, once for each state of its sources; a worker takes it at its next start.

    It needs Python's headers and a C compiler; for want of one it fetches zig's for the time (100 MB). What it makes
    lies in the environment (`.venv/upswing-core`), 4 MB. Errors: what is missing, in one sentence; signals then runs
    interpreted, with the same results.
    """
    from upswing.compiling.build import build, check  # noqa: PLC0415 - nothing else of the console needs it

    if checks:
        with tempfile.TemporaryDirectory() as scratch:
            if found := check(Path(scratch)):
                click.echo(found, err=True)
                sys.exit(1)
        return
    if optional and read_settings(Settings, "signals").compiled == "off":
        return
    began = time.monotonic()
    try:
        if build(_say, folder(), retry=not optional):
            _say(f"signals core: compiled in {time.monotonic() - began:.0f} s")
        elif not optional:
            _say("signals core: it is compiled already")
    except DependencyError as error:
        if not optional:
            raise
        _say(f"signals core: {error}; {SLOWER}")
    except OSError as error:
        if not optional:
            raise DependencyError(f"the signals core cannot be compiled here: {error}") from error
        _say(f"signals core: it cannot be compiled here: {error}; {SLOWER}")


def _say(line: str) -> None:
    click.echo(f"upswing: {line}")
