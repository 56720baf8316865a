"""A route parses, calls one thing and returns: ten lines at most."""

import ast
from collections.abc import Iterator

from tests.lints.lint import Finding, Lint, Source

VERBS = {"get", "post", "put", "patch", "delete", "api_route"}
LINES = 10


def check(source: Source) -> Iterator[Finding]:
    """Find routes with long bodies. The docstring does not count."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_is_route, node.decorator_list)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > LINES:
                yield node.lineno, f"the route {node.name} has a body of {lines} lines, at most {LINES} are allowed"


def _is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in VERBS
        and getattr(decorator.func.value, "id", "") in {"app", "router", "routes"}
    )


LINT = Lint(
    what="route bodies have at most 10 lines",
    applies=lambda path: path.startswith("services/"),
    check=check,
    good=Source("services/x/routes.py", '@router.get("/")\nasync def a():\n    """Say."""\n' + "    x = 1\n" * 10),
    bad=Source("services/x/routes.py", '@router.get("/")\nasync def a():\n' + "    x = 1\n" * 11),
)
