"""What is compiled, and what a compiler that cannot says."""

from pathlib import Path

import pytest

from services.signals.compiled import ROOT
from shared.kernel.errors import DependencyError
from tests.support.compilers import a_compiler
from upswing.compiling.compiler import own_compiler
from upswing.compiling.sources import CORE, to_compile

INTERPRETED = {
    "measures",
    "meta",
    "output",
    "pages",
    "people_state",
    "poison",
    "recent_state",
    "removed",
    "rules.ops_row",
    "source_state",
    "standing_state",
    "state",
    "use_days",
    "use_state",
}


def test_only_these_modules_stay_interpreted() -> None:
    """A struct keeps its whole module from being compiled: one that comes to a hot module belongs into another file."""
    sources = {path for path in CORE.rglob("*.py") if path.name != "__init__.py"}
    left = sources - set(to_compile())
    assert {".".join(path.relative_to(CORE).with_suffix("").parts) for path in left} == INTERPRETED


def test_all_of_them_lie_in_the_core() -> None:
    """Nothing else is compiled."""
    assert all(path.is_relative_to(ROOT / "services" / "signals" / "core") for path in to_compile())


def test_a_compiler_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own first complaint is the best there is."""
    complaint = "echo 'Python.h:36: fatal error: stdlib.h: No such file' >&2; exit 1"
    monkeypatch.setenv("PATH", a_compiler(tmp_path, complaint))
    with pytest.raises(DependencyError, match=r"cc failed: .*stdlib\.h: No such file|Python\.h is not there"):
        own_compiler(tmp_path)
