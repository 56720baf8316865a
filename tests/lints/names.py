"""A module's name says what is in it."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.lints.lint import Finding, Lint, Source

NAMELESS = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def check(source: Source) -> Iterator[Finding]:
    """Find modules and folders that say nothing."""
    path = PurePosixPath(source.path)
    for part in (*path.parent.parts, path.stem):
        if part in NAMELESS:
            yield 1, f"{part!r} does not say what is in it: name the noun"


LINT = Lint(
    what="no utils, helpers, manager, base or common",
    applies=lambda path: path.endswith(".py"),
    check=check,
    good=Source("services/x/routing.py", ""),
    bad=Source("services/x/utils.py", ""),
)
