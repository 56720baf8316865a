"""Documents name only what is there: files, links, make targets and commands."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.lints.lint import Finding, Lint, Source
from upswing.cli import COMMANDS

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)")
NAMED = re.compile(r"`((?:services|shared|upswing|deploy|tests|docs|playbooks|\.ci)/[\w./-]*)`")
MAKE = re.compile(r"\bmake ([a-z-]+)\b(?=[^`\n]*`)|^make ([a-z-]+)", re.MULTILINE)
COMMAND = re.compile(r"(?:`|^\$? ?)upswing ([a-z][a-z-]+)", re.MULTILINE)


@cache
def _targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def check(source: Source) -> Iterator[Finding]:
    """Find links and names that lead nowhere."""
    folder = (ROOT / source.path).parent
    for number, line in enumerate(source.lines, 1):
        for target in LINK.findall(line):
            if not (folder / target).exists():
                yield number, f"the link {target} leads nowhere"
        for path in NAMED.findall(line):
            if not (ROOT / path).exists():
                yield number, f"{path} is not there"
        for one, other in MAKE.findall(line):
            if (one or other) not in _targets():
                yield number, f"the Makefile has no target {one or other}"
        for command in COMMAND.findall(line):
            if command not in COMMANDS:
                yield number, f"there is no command `upswing {command}`"


LINT = Lint(
    what="documents name only files, make targets and commands that exist",
    applies=lambda path: path.endswith(".md"),
    check=check,
    good=Source(
        "README.md", "Run `make demo`, read [this](Makefile), see `shared/kernel/ids.py`, then `upswing up`.\n"
    ),
    bad=Source("README.md", "Run `make fun`, read [this](nowhere.md).\n`shared/gone.py`\n`upswing fly`\n"),
)
