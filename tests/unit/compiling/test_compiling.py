"""What is compiled, by what, and what is said where it cannot be."""

from pathlib import Path

import pytest

from services.signals.compiled import ROOT
from shared.kernel.errors import DependencyError
from upswing.compiling.build import build
from upswing.compiling.compiler import own_compiler
from upswing.compiling.sources import CORE, to_compile

INTERPRETED = {
    "causes",
    "gate",
    "measures",
    "meta",
    "output",
    "pages",
    "people_state",
    "poison",
    "recent_state",
    "removed",
    "rules.ops_row",
    "rules.row",
    "source_state",
    "standing_state",
    "state",
    "use_days",
    "use_problems",
    "use_state",
    "use_sums",
    "whitespace",
}

NONE = r"there is no C compiler, and none could be fetched \(.*gcc.*\)|Python\.h is not there"


def test_only_these_modules_stay_interpreted() -> None:
    """A struct keeps its whole module from being compiled: one that comes to a hot module belongs into another file."""
    sources = {path for path in CORE.rglob("*.py") if path.name != "__init__.py"}
    left = sources - set(to_compile())
    assert {".".join(path.relative_to(CORE).with_suffix("").parts) for path in left} == INTERPRETED


def test_all_of_them_lie_in_the_core() -> None:
    """Nothing else is compiled."""
    assert all(path.is_relative_to(ROOT / "services" / "signals" / "core") for path in to_compile())


def a_compiler(folder: Path, script: str) -> str:
    """Write a compiler, and return the search path on which it is the only one."""
    compiler = folder / "bin" / "cc"
    compiler.parent.mkdir()
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    return str(compiler.parent)


def test_a_machine_without_a_compiler_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence that says what to do; a package index that cannot be reached is asked once."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for _ in range(2):
        with pytest.raises(DependencyError, match=NONE):
            build(print, tmp_path / "builds" / "digest", retry=False)


def test_a_compiler_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own first complaint is the best there is."""
    complaint = "echo 'Python.h:36: fatal error: stdlib.h: No such file' >&2; exit 1"
    monkeypatch.setenv("PATH", a_compiler(tmp_path, complaint))
    with pytest.raises(DependencyError, match=r"cc failed: .*stdlib\.h: No such file|Python\.h is not there"):
        own_compiler(tmp_path)


def test_a_build_that_has_failed_is_not_tried_again_at_every_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what a person asks for takes the minute once more; there is never half a build."""
    path = a_compiler(tmp_path, "case \"$*\" in *probe*) exit 0;; esac; echo 'error: out of memory' >&2; exit 1")
    monkeypatch.setenv("PATH", path)
    said: list[str] = []
    builds = tmp_path / "builds"
    for retry, tries in ((False, 1), (False, 1), (True, 2)):
        with pytest.raises(DependencyError, match=r"cc failed: error: out of memory|Python\.h is not there"):
            build(said.append, builds / "digest", retry=retry)
        if not said:
            pytest.skip("Python.h is not there")
        assert len(said) == tries
        assert sorted(path.name for path in builds.rglob("[!.]*")) == ["digest", "failed.txt"]
