"""What a worker of signals imports, in what order."""

import subprocess
import sys

from services.signals import compiled

EARLY = """
import sys
import services.signals.app as _
from services.signals.compiled import module_name
from upswing.compiling.sources import to_compile
print(sorted(sys.modules.keys() & map(module_name, to_compile())))
"""


def test_the_worker_imports_nothing_that_is_compiled_before_it_chooses() -> None:
    """Else it could never take it."""
    said = subprocess.run(  # noqa: S603 - our own Python on our own text
        [sys.executable, "-c", EARLY], cwd=compiled.ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"
