"""Building the environment: each known failure is one sentence that says what to do."""

import subprocess
from pathlib import Path

import pytest

from deploy.bootstrap import cause_of

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("NewConnectionError('...: [Errno 111] Connection refused')", "packages cannot be fetched: check the network"),
        ("Temporary failure in name resolution", "packages cannot be fetched: check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "is not the one pinned"),
        ("ERROR: No matching distribution found for x==1", "not to be had for this Python"),
        ("[Errno 13] Permission denied: '/x'", "the folder cannot be written"),
    ],
)
def test_what_pip_says_becomes_what_to_do(output: str, sentence: str) -> None:
    """The cause is found in pip's words."""
    assert sentence in (cause_of(output) or "")


def test_what_is_unknown_is_not_guessed() -> None:
    """Better pip's own last line than a wrong advice."""
    assert cause_of("something else broke") is None


def test_make_refuses_an_old_python_in_one_sentence(tmp_path: Path) -> None:
    """Whatever Python is named, make says what is needed."""
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(  # noqa: S603 - make of this machine, target of our own
        ["make", "-f", str(ROOT / "Makefile"), f"PYTHON={old}", "install"],  # noqa: S607 - make is found by PATH, as people do
        cwd=_copy(tmp_path / "clone"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"upswing: Python 3.11 or newer is needed and {old} is not: install one, or run make PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr


def test_make_help_needs_no_python_and_lists_every_target() -> None:
    """A newcomer sees what there is."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 - as above
    for target in ("demo", "up", "test", "check", "bench", "install", "clean"):
        assert f"make {target} " in done.stdout


def _copy(folder: Path) -> Path:
    (folder / "deploy").mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "deploy/bootstrap.py"):
        (folder / name).write_text((ROOT / name).read_text())
    return folder
