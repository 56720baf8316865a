"""Two playbooks compared: what a person is told before the numbers change."""

from msgspec.structs import replace

from shared.kernel.playbook import playbook_to_json
from tests.oracle.writing import playbook
from upswing.publishing.commands import MOST_SHOWN, _changes
from upswing.publishing.differences import Difference, differences
from upswing.publishing.in_force import InForce

BEFORE = playbook({"version": "one"})
IN_FORCE = InForce("one", BEFORE, "published at noon")


def test_a_number_is_told_with_its_path_before_and_after() -> None:
    """The path is that of the file; rows of a list go by their names; the version is not a difference."""
    after = playbook(
        {
            "version": "two",
            "rules.seat_saturation.active_percent": 85,
            "roadmap": ["Offline mode"],
            "rules.usage_ceiling.levels": [{"name": "outreach", "percent": 80, "comparison": ">"}],
        }
    )
    found = {row.path: (row.before, row.after) for row in differences(BEFORE, after)}
    assert found["rules.seat_saturation.active_percent"] == ("90", "85")
    assert found["roadmap"] == ('["Custom roles","Data residency","Offline mode"]', '["Offline mode"]')
    assert found["rules.usage_ceiling.levels[nurture].percent"] == ("70", "-")
    assert found["rules.usage_ceiling.levels[outreach].owner_role"] == ('"csm"', "null")
    assert not any(path.startswith(("version", "gate")) for path in found)


def test_nothing_differs_between_two_versions_of_the_same_numbers() -> None:
    """Publishing them is a new version all the same."""
    assert differences(BEFORE, playbook({"version": "two"})) == []
    lines = list(_changes(IN_FORCE, playbook({"version": "two"})))
    assert lines == ["in force is one, published at noon", "one -> two: nothing differs"]


def test_what_changes_is_told_in_a_bounded_list() -> None:
    """One difference is told in the singular; of very many the rest is counted."""
    one = playbook({"version": "two", "gate.smb.health_score": 70})
    assert list(_changes(IN_FORCE, one)) == [
        "in force is one, published at noon",
        "one -> two: 1 differs",
        "  gate.smb.health_score: 75 -> 70",
    ]
    bare = replace(BEFORE, version="two", plays={})
    lines = list(_changes(IN_FORCE, bare))
    assert len(lines) == MOST_SHOWN + 3
    assert lines[-1].startswith("  and ")


def test_a_first_version_and_one_after_an_unknown_one_are_told_as_such() -> None:
    """There is nothing to compare with; what is in force is named all the same."""
    assert next(_changes(None, BEFORE)).startswith("the first version to be published")
    assert list(_changes(InForce("old", None, "as the newest snapshot says"), BEFORE)) == [
        "in force is old, as the newest snapshot says",
        "its file is not known here, so what differs cannot be told",
    ]


def test_a_path_without_parts_is_a_leaf() -> None:
    """Empty lists and mappings are values too."""
    emptied = playbook({"version": "two", "roadmap": []})
    assert differences(BEFORE, emptied) == [
        Difference("roadmap", '["Custom roles","Data residency","Offline mode"]', "[]")
    ]
    assert playbook_to_json(emptied) != playbook_to_json(BEFORE)
