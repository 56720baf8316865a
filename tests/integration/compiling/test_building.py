"""Builds that cannot be finished: mypyc and pip really run, and a person is told why in a sentence."""

from pathlib import Path

import pytest

from shared.kernel.errors import DependencyError
from tests.support.compilers import a_compiler
from upswing.compiling.build import build

NONE = r"there is no C compiler, and none could be fetched \(.*gcc.*\)|Python\.h is not there"


def test_a_machine_without_a_compiler_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence that says what to do; a package index that cannot be reached is asked once."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for _ in range(2):
        with pytest.raises(DependencyError, match=NONE):
            build(print, tmp_path / "builds" / "digest", retry=False)


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
