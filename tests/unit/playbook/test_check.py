"""What `upswing playbook check` says of a file that can be used."""

from pathlib import Path

from click.testing import CliRunner

from shared.io.playbooks import DEFAULT_FILE
from upswing.commands.playbook import command


def test_the_check_says_which_rules_are_off(tmp_path: Path) -> None:
    """All rules of the playbook are built; nobody should wait for one that is switched off."""
    said = CliRunner().invoke(command, ["check", str(DEFAULT_FILE)]).output
    assert "38 rules are looked at; switched off: none" in said
    quiet = tmp_path / "quiet.yaml"
    quiet.write_text(
        "extends: default\nversion: quiet\nrules: {nps_drop: {enabled: false}, compound: {enabled: false}}\n"
    )
    said = CliRunner().invoke(command, ["check", str(quiet)]).output
    assert "36 rules are looked at; switched off: compound, nps_drop" in said
