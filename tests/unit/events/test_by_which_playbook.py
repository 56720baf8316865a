"""`upswing events` reads by the playbook of the stack that runs, and says by which."""

from pathlib import Path

import pytest

from deploy.local.leftovers import only_one
from deploy.local.noted import noted
from deploy.local.ports import free_port
from deploy.local.settings import local_settings
from tests.oracle.writing import playbook
from upswing.events.by import playbook_of, with_facts_by
from upswing.publishing.in_force import InForce

OWN = "extends: default\nversion: own-1\nroadmap: [Teleport]\n"


def test_the_playbook_of_the_stack_that_runs_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever its file lies; an edit is tried out at once, and named as such."""
    file, data = tmp_path / "numbers.yaml", tmp_path / "data"
    file.write_text(OWN)
    with only_one(data), noted(local_settings(data=data, playbook=file, kafka_port=free_port())):
        assert playbook_of(None, data).roadmap == ("Teleport",)
        assert capsys.readouterr().err.startswith(f"by {file}, version own-1\nwhether another playbook was published")
        file.write_text(OWN.replace("own-1", "own-2"))
        assert playbook_of(None, data).version == "own-2"
        assert f"by {file}, version own-2, which was edited after the services were started" in capsys.readouterr().err
    playbook_of(None, data)
    assert capsys.readouterr().err.endswith(f"version default-1 (no stack runs in {data})\n")


def test_the_facts_are_judged_by_what_was_published() -> None:
    """Names are still read by the file, as ingest reads them."""
    ours = playbook({"version": "one", "tracking.rows": [{"match": "x", "ignore": True}]})
    other = playbook({"version": "two", "gate.smb.health_score": 70})
    assert with_facts_by(None, ours) is ours
    assert with_facts_by(InForce("one", ours, "the file", Path("p")), ours) is ours
    mixed = with_facts_by(InForce("two", other, "published at noon"), ours)
    assert (mixed.version, mixed.tracking, mixed.gate) == ("two", ours.tracking, other.gate)
