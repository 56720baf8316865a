"""Code that decides is told the time and never rolls dice: the same log gives the same state, always."""

import ast
from collections.abc import Iterator

from tests.lints.lint import Finding, Lint, Source, in_pure

READERS = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "uuid1", "uuid4"}


def check(source: Source) -> Iterator[Finding]:
    """Find calls that read a clock or make a random id."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in READERS and isinstance(called, ast.Attribute | ast.Name) and not _is_own(called):
                yield node.lineno, f"{name}() is not the same at a replay: take it as an argument"


def _is_own(called: ast.Attribute | ast.Name) -> bool:
    return isinstance(called, ast.Attribute) and getattr(called.value, "id", "") == "self"


LINT = Lint(
    what="in core and kernel the clock is an argument",
    applies=in_pure,
    check=check,
    good=Source("shared/kernel/a.py", "def due(now_ms: int) -> int:\n    return now_ms + 1\n"),
    bad=Source("shared/kernel/a.py", "from datetime import datetime\nx = datetime.now()\n"),
)
