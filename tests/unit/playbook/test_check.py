"""What `upswing playbook check` says of a file that can be used."""

from click.testing import CliRunner

from shared.io.playbooks import DEFAULT_FILE
from upswing.commands.playbook import command


def test_the_check_says_which_rules_this_version_looks_at() -> None:
    """A playbook holds the numbers of more rules than are built; nobody should wait for those."""
    said = CliRunner().invoke(command, ["check", str(DEFAULT_FILE)]).output
    assert "rules looked at in this version: usage_ceiling, seat_saturation, " in said
    assert "nps_drop" not in said
    assert "it holds the numbers of 30 others" in said
