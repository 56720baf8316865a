"""`upswing doctor` tells the playbook in force from the file that was looked at."""

from pathlib import Path

from tests.oracle.writing import playbook
from upswing.doctor.finding import ok
from upswing.doctor.services import compared, not_heeded
from upswing.publishing.in_force import BY_SNAPSHOTS, InForce
from upswing.publishing.versions import Published

ONE, FILE = playbook({"version": "one"}), Path("/p/one.yaml")
OF_FILE = InForce("one", ONE, f"the file {FILE}", FILE)


def test_the_file_that_the_stack_was_started_with_is_in_force() -> None:
    """As long as it is as it was."""
    assert compared(OF_FILE, FILE, ONE) == ok("in force is that file, version one: none was published")


def test_a_file_that_was_edited_since_is_not_in_force() -> None:
    """With the number of differences and what puts it into force."""
    found = compared(OF_FILE, FILE, playbook({"version": "two", "gate.smb.health_score": 70}))
    assert found.state == "note"
    assert found.sentence.startswith("in force is version one, the file /p/one.yaml, as it was when the services were")
    assert "(version two, 1 differ): `upswing playbook publish /p/one.yaml`" in found.sentence


def test_another_file_than_that_in_force_is_told_apart() -> None:
    """As with `--playbook`."""
    found = compared(OF_FILE, Path("/p/other.yaml"), playbook({"version": "two", "gate.smb.health_score": 70}))
    assert found.state == "note"
    assert found.sentence.endswith("none was published; the file that was looked at has version two")


def test_a_published_version_and_one_of_an_unknown_file_are_named() -> None:
    """Both with how it is known."""
    assert compared(InForce("one", ONE, "published at noon"), FILE, ONE) == ok(
        "in force is version one, published at noon"
    )
    far = compared(InForce("far", None, BY_SNAPSHOTS), FILE, ONE).sentence
    assert far == (
        f"in force is version far, {BY_SNAPSHOTS}; the file has version one, by which pipeline and ingest go"
    )


def test_a_file_that_was_edited_under_the_same_version_needs_a_new_one_first() -> None:
    """Else `publish` refuses it, as triggers name that version."""
    found = compared(OF_FILE, FILE, playbook({"version": "one", "gate.smb.health_score": 70})).sentence
    assert "(version one, 1 differ): give it a new `version`, then `upswing playbook publish /p/one.yaml`" in found


def test_a_published_version_is_compared_by_what_it_says() -> None:
    """Two of one name may be of other numbers: pipeline and ingest go by the file."""
    found = compared(
        InForce("one", ONE, "published at noon"), FILE, playbook({"version": "one", "gate.smb.health_score": 70})
    )
    assert found.state == "note"
    assert "the file has that version with other numbers (1 differ)" in found.sentence
    assert found.sentence.endswith("give it a new `version`")
    assert compared(InForce("one", None, BY_SNAPSHOTS), FILE, ONE) == ok(f"in force is version one, {BY_SNAPSHOTS}")


def test_a_version_by_which_nothing_is_judged_is_told_with_what_stays() -> None:
    """One that cannot be used is wrong; of one that the log does not know the command was stopped."""
    odd = not_heeded(Published("odd", 0, None, "it is empty"), InForce("one", ONE, "published at noon"))
    assert odd.state == "wrong"
    assert odd.sentence.endswith("but cannot be used: it is empty; in force is version one, published at noon")
    untold = not_heeded(Published("two", 0, ONE), None)
    assert untold.state == "note"
    assert untold.sentence.endswith("publish it again; in force is the file in signals' settings")
