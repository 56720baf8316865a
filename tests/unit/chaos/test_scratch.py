"""`make chaos-signals` leaves nothing behind when all was well, and its logs when something was not."""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.chaos.signals.scratch import scratch


@pytest.mark.parametrize(("code", "stays"), [(0, False), (None, False), (1, True), ("stopped", True)])
def test_the_folder_stays_only_when_something_was_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | str | None, stays: bool
) -> None:
    """By the exit code of the run."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SystemExit):
        _run(code)
    assert len(list(tmp_path.glob("*/worker.log"))) == stays


def _run(code: int | str | None) -> None:
    with scratch() as folder:
        (folder / "worker.log").write_text("said")
        sys.exit(code)


def test_the_folder_stays_after_a_failure_of_the_suite_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And goes when its block just ends."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyboardInterrupt), scratch():
        raise KeyboardInterrupt
    with scratch():
        pass
    assert len(list(tmp_path.iterdir())) == 1
