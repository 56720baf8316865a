"""The folder of one run of the suite: it is kept when something was violated, and goes when all was well."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

__all__ = ["scratch"]


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a fresh folder. Shape: the run ends in `SystemExit`; with any code but 0 the folder stays, and is named."""
    folder = Path(tempfile.mkdtemp(prefix="upswing-chaos-"))
    try:
        yield folder
    except BaseException as error:
        if not isinstance(error, SystemExit) or error.code:
            click.echo(f"logs and traces stay in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)
