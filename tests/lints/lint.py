"""What a house rule is: where it applies, what it finds, and two examples that a test holds it to."""

import ast
from collections.abc import Callable, Iterator
from functools import cached_property

__all__ = ["Finding", "Lint", "Source", "imports", "in_product", "in_pure"]

Finding = tuple[int, str]
PRODUCT = ("services/", "shared/", "upswing/", "deploy/")


class Source:
    """One file of the repository. Shape: `path` is relative to its root, with slashes."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The file as Python's syntax tree."""
        return ast.parse(self.text, self.path)


class Lint:
    """One house rule. Shape: `good` and `bad` are a path and a text each, the first without findings."""

    def __init__(
        self,
        *,
        what: str,
        applies: Callable[[str], bool],
        check: Callable[[Source], Iterator[Finding]],
        good: Source,
        bad: Source,
    ) -> None:
        self.what = what
        self.applies = applies
        self.check = check
        self.good = good
        self.bad = bad

    def findings(self, source: Source) -> list[Finding]:
        """Return the line and the sentence of each breach; nothing where the rule does not apply."""
        return sorted(self.check(source)) if self.applies(source.path) else []


def in_product(path: str) -> bool:
    """Whether a path is Python that we ship."""
    return path.endswith(".py") and path.startswith(PRODUCT)


def in_pure(path: str) -> bool:
    """Whether a path belongs to the code that only decides."""
    return path.endswith(".py") and (
        path.startswith("shared/kernel/") or ("/core/" in path and path.startswith("services/"))
    )


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Give each imported module with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
