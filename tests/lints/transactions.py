"""One transaction a request or message, committed at the edge: repositories neither begin nor end one."""

import ast
from collections.abc import Iterator

from tests.lints.lint import Finding, Lint, Source

ENDS = {"commit", "rollback", "begin", "begin_nested"}


def check(source: Source) -> Iterator[Finding]:
    """Find calls that begin or end a transaction."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENDS:
            yield node.lineno, f"{node.func.attr}() belongs to the edge that owns the transaction"


LINT = Lint(
    what="transactions are begun and ended at the edge, never in a repository",
    applies=lambda path: path.startswith("services/") and "/repository" in path,
    check=check,
    good=Source("services/x/repository/a.py", "async def add(session):\n    await session.execute(1)\n"),
    bad=Source("services/x/repository/a.py", "async def add(session):\n    await session.commit()\n"),
)
