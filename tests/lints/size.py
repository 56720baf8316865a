"""Modules stay below 250 lines and functions below 40, so that each can be read at once."""

import ast
from collections.abc import Iterator

from tests.lints.lint import Finding, Lint, Source

MODULE_LINES = 250
FUNCTION_LINES = 40


def check(source: Source) -> Iterator[Finding]:
    """Find what is too long."""
    if len(source.lines) > MODULE_LINES:
        yield 1, f"the module has {len(source.lines)} lines, at most {MODULE_LINES} are allowed"
    if source.path.startswith("deploy/migrations/"):
        return  # a revision is a list of tables, not logic
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines, at most {FUNCTION_LINES} are allowed"


LINT = Lint(
    what="modules have at most 250 lines, functions 40",
    applies=lambda path: path.endswith(".py"),
    check=check,
    good=Source("a.py", "def f():\n" + "    x = 1\n" * 39),
    bad=Source("a.py", "def f():\n" + "    x = 1\n" * 40),
)
