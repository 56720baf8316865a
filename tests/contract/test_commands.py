"""The console: a command is one file and one row, and every row can be run."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from upswing.cli import COMMANDS, upswing

FOLDER = Path(__file__).parents[2] / "upswing" / "commands"


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    """A file without a row could not be run, a row without a file would be hidden."""
    files = {f"upswing.commands.{path.stem}" for path in FOLDER.glob("*.py") if path.stem != "__init__"}
    rows = {row.module for row in COMMANDS.values() if row.module.startswith("upswing.commands.")}
    assert files == rows


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    """Its help is there and is asked for without starting anything."""
    result = CliRunner().invoke(upswing, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage: ")


def test_the_list_of_commands_names_all() -> None:
    """`upswing --help` is built from the rows."""
    listing = CliRunner().invoke(upswing, ["--help"]).output
    assert [name for name in COMMANDS if f"  {name} " not in listing] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_sentence_and_exit_code_1() -> None:
    """Whatever command meets it."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "upswing", "playbook", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("upswing: the disk is full")
    assert "Traceback" not in done.stderr
