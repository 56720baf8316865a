"""`python -m tests.fuzz [EXAMPLES]`: so many examples of every dialect, once against the core and once against HTTP.

Prints what became of them; exit code 1 with the smallest example when a promise is broken.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.ingest.core.dialect import Dialect
from services.ingest.core.dialects import DIALECTS
from shared.io.logs import configure_logging
from tests.fuzz.bodies import Case, cases
from tests.fuzz.checks import check_core, check_edge
from tests.fuzz.edge import Edge

__all__ = ["fuzz"]

EXAMPLES = 2_000


def fuzz(dialect: Dialect, edge: Edge, examples: int) -> tuple[Counter[str], Counter[str]]:
    """Run so many examples of a dialect; what became of them in the core, and over HTTP. Errors: `AssertionError`."""
    core: Counter[str] = Counter()
    http: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(dialect), st.data())
    def run(case: Case, data: st.DataObject) -> None:
        core[check_core(case)] += 1
        http[check_edge(edge, case, data)] += 1

    run()
    return core, http


def main() -> int:
    """Fuzz every dialect."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    configure_logging("fuzz", "critical", as_json=False)
    with tempfile.TemporaryDirectory() as folder:
        edge = Edge(Path(folder))
        total = 0
        for dialect in DIALECTS:
            began = time.perf_counter()
            core, http = fuzz(dialect, edge, examples)
            total += core.total()
            took = time.perf_counter() - began
            counted = f"{core.total():7} examples  {took:5.0f} s"
            sys.stdout.write(f"{dialect.name:12} {counted}  core {_said(core)}  http {_said(http)}\n")
            sys.stdout.flush()
        edge.close()
    sys.stdout.write(
        f"{total} examples of {len(DIALECTS)} dialects, each in the core and over HTTP: all promises kept\n"
    )
    return 0


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
