"""The page about the tracking plan shows rows that can be used and what the command really prints."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from shared.kernel.playbook import build_playbook
from upswing.commands.events import command

PAGE = Path("docs/tracking.md").read_text()
DEFAULT = Path("playbooks/default.yaml").absolute()


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_rows_of_the_page_can_be_used() -> None:
    """All of them together, in the order of the page."""
    (shown,) = _blocks("yaml")
    rows = yaml.safe_load(shown)["tracking"]["rows"]
    data = yaml.safe_load(DEFAULT.read_text())
    data["tracking"]["rows"] = rows
    assert len(build_playbook(data).tracking.rows) == len(rows)


def test_the_page_shows_what_the_command_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letter by letter, and it ends with 1 because something would be rejected."""
    monkeypatch.chdir(tmp_path)
    (body,) = _blocks("json")
    Path("body.json").write_text(body)
    shown = next(block for block in _blocks("") if block.startswith("$ upswing events test"))
    asked, _, answer = shown.partition("\n")
    arguments = asked.removeprefix("$ upswing events ").split()
    result = CliRunner().invoke(command, [*arguments, "--playbook", str(DEFAULT)])
    assert (result.output, result.exit_code) == (answer, 1)
