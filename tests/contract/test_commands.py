"""The console: a command is one file and one row, and every row can be run."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from upswing.cli import COMMANDS, upswing

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "upswing" / "commands"
CALL = re.compile(r"(?:^|[`(]|\.venv/bin/)upswing ((?:[a-z][\w-]*)(?: [^`\n|;#]*)?)", re.MULTILINE)


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


def test_the_pages_name_commands_and_options_that_there_are() -> None:
    """Whatever stands in them as `upswing <command> --<option>`."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    calls = {call for page in pages for call in CALL.findall(page.read_text().replace("\\\n", " "))}
    assert len(calls) > 50
    assert sorted(f"upswing {call}" for call in calls if list(_unknown(call.split()))) == []


def _unknown(words: Sequence[str]) -> Iterator[str]:
    """Yield what of a command line nobody knows; what stands where a group wants a command must be one."""
    command: click.Command = upswing
    known: dict[str, bool] = {"--help": False}  # options, and whether a value follows
    is_value = False
    for word in words:
        name, _, given = word.rstrip(".,:)").partition("=")
        for parameter in command.params:
            takes_one = isinstance(parameter, click.Option) and not parameter.is_flag
            known |= dict.fromkeys((*parameter.opts, *parameter.secondary_opts), takes_one)
        if name.startswith("--"):
            if name not in known:
                yield name
            is_value = known.get(name, False) and not given
            continue
        if isinstance(command, click.Group) and not is_value and not name.startswith("<"):
            found = command.get_command(click.Context(command), name)
            if found is None:
                yield name
                return
            command = found
        is_value = False
