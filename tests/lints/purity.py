"""Code that decides imports quiet parts of the standard library, msgspec, mypyc's types, the kernel and its core."""

import sys
from collections.abc import Iterator

from tests.lints.lint import Finding, Lint, Source, imports, in_pure

QUIET = {"librt", "msgspec", "mypy_extensions"}
TALKING = {
    "asyncio",
    "http",
    "logging",
    "multiprocessing",
    "os",
    "random",
    "secrets",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
}


def check(source: Source) -> Iterator[Finding]:
    """Find imports of what talks, waits, rolls dice or is not ours."""
    own = (
        source.path[: source.path.index("/core/") + 5].replace("/", ".") if "/core/" in source.path else "shared.kernel"
    )
    for line, module in imports(source.tree):
        top = module.split(".")[0]
        ours = f"{module}.".startswith((f"{own}.", "shared.kernel.")) or top in QUIET
        quiet = top in sys.stdlib_module_names and top not in TALKING and module not in TALKING
        if not (ours or quiet):
            yield line, f"pure code must not import {module}"


LINT = Lint(
    what="core and kernel are pure: no I/O, no foreign libraries, no other service",
    applies=in_pure,
    check=check,
    good=Source(
        "services/x/core/a.py", "import math\nimport msgspec\nimport services.x.core.b\nfrom shared.kernel import ids\n"
    ),
    bad=Source("services/x/core/a.py", "from services.y.core import b\nimport time\nimport aiokafka\n"),
)
