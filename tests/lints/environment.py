"""Only `settings.py` reads the environment, so that what can be set is in one place."""

import ast
from collections.abc import Iterator

from tests.lints.lint import Finding, Lint, Source, in_product

READERS = {"environ", "environb", "getenv", "putenv"}


def check(source: Source) -> Iterator[Finding]:
    """Find uses of `os.environ` and its like."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in READERS and getattr(node.value, "id", "") == "os":
            yield node.lineno, f"os.{node.attr} belongs into a settings.py"
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            named = READERS.intersection(alias.name for alias in node.names)
            yield from ((node.lineno, f"os.{name} belongs into a settings.py") for name in sorted(named))


LINT = Lint(
    what="only settings.py reads the environment",
    applies=lambda path: in_product(path) and not path.endswith("/settings.py"),
    check=check,
    good=Source("services/x/app.py", "import os\nos.getpid()\n"),
    bad=Source("services/x/app.py", "import os\nport = os.environ['PORT']\n"),
)
