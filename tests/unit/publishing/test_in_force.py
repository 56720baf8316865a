"""What is in force: the file that a stack was started with, as it was then, unless a snapshot knows better."""

from pathlib import Path

import pytest

from deploy.local.leftovers import only_one
from deploy.local.noted import StartedWith, noted, started_with
from deploy.local.settings import local_settings
from shared.io.playbooks import DEFAULT_FILE
from tests.oracle.writing import playbook
from upswing.publishing.commands import _listed, _refusal, in_force_by_file
from upswing.publishing.in_force import BY_SNAPSHOTS, UNTOLD, InForce, by_file, unheeded
from upswing.publishing.losses import lines
from upswing.publishing.versions import Published

NOON, LATER = 1_780_315_200_000, 1_780_315_200_000 + 120_000


def test_the_file_that_the_stack_was_started_with_is_named_with_its_version(tmp_path: Path) -> None:
    """That of the data folder, if it holds one."""
    (tmp_path / "playbook.yaml").write_text("extends: default\nversion: own-3\n")
    said = in_force_by_file(tmp_path)
    assert said == (
        f"in force is the file that the stack was started with, {tmp_path / 'playbook.yaml'}, version own-3"
    )


def test_a_file_that_is_edited_while_the_stack_runs_is_in_force_as_it_was(tmp_path: Path) -> None:
    """Else the next version, written into the same file, would differ in nothing from itself."""
    file = tmp_path / "numbers.yaml"
    file.write_text("extends: default\nversion: own-3\n")
    with only_one(tmp_path), noted(local_settings(data=tmp_path, playbook=file)):
        file.write_text("extends: default\nversion: own-4\n")
        started = started_with(tmp_path)
        assert started is not None
        assert (started.path, started.playbook.version) == (file, "own-3")
        assert in_force_by_file(tmp_path).endswith(f"{file}, version own-3")
        found = by_file(started, ("own-3", started.at + 120_000))
        assert found is not None
        assert (found.version, found.how, found.file) == ("own-3", f"the file {file}", file)
        restarted = by_file(started, ("own-4", started.at + 120_000))
        assert restarted is not None
        assert (restarted.version, restarted.file) == ("own-4", file)
    assert started_with(tmp_path) is None


@pytest.mark.parametrize(
    ("seen", "version", "known"),
    [
        (None, "one", True),
        (("one", LATER), "one", True),
        (("old", NOON), "one", True),  # of an account that nobody has looked at since the start
        (("other", LATER), "other", False),
    ],
)
def test_the_newest_snapshot_has_the_last_word_of_a_file(
    seen: tuple[str, int] | None, version: str, known: bool
) -> None:
    """But not one from before the start."""
    found = by_file(StartedWith(Path("/nowhere/p.yaml"), playbook({"version": "one"}), NOON), seen)
    assert found is not None
    assert (found.version, found.playbook is not None) == (version, known)


def test_of_a_stack_elsewhere_snapshots_alone_tell_the_version() -> None:
    """Its numbers are not to be had."""
    assert by_file(None, ("far-2", NOON)) == InForce("far-2", None, BY_SNAPSHOTS)
    assert by_file(None, None) is None


def test_accounts_whose_plan_would_go_are_named() -> None:
    """A few by name, the others counted; the refusal says what to write instead."""
    assert lines({"Team": ["a"], "Business": ["b", "c", "d", "e", "f", "g"]}) == [
        "WRONG plan 'Team' goes, and on it is account a",
        "WRONG plan 'Business' goes, and on it are 6 accounts: b, c, d, e, f and 1 more",
    ]
    said = _refusal(playbook({"version": "mine-1"}), InForce("demo-1", None, "", Path("/p/demo.yaml")), 7)
    assert said.startswith("demo-1 stays in force: with mine-1, 7 accounts would lose the limits")
    assert "`extends: /p/demo.yaml`" in said
    assert "--drop-plans" in said
    of_default = _refusal(playbook({"version": "mine-1"}), InForce("default-1", None, "", DEFAULT_FILE), 1)
    assert "`extends: default`" in of_default


ROWS = [Published(name, NOON, playbook({"version": name})) for name in ("one", "two")]
ODD = Published("odd", NOON, None, "it is empty")


@pytest.mark.parametrize(
    ("judging", "marks", "last"),
    [
        (InForce("two", None, "published"), ["", "in force", "cannot be used: it is empty"], ""),
        (InForce("one", None, "published"), ["in force", UNTOLD, "cannot be used: it is empty"], ""),
        (
            InForce("one", None, "the file /p", Path("/p")),  # of the same name, yet not the one on the topic
            [UNTOLD, UNTOLD, "cannot be used: it is empty"],
            "none of them is in force: in force is version one, the file /p",
        ),
        (None, [UNTOLD, UNTOLD, "cannot be used: it is empty"], "none of them is in force: signals judges by the file"),
    ],
)
def test_versions_mark_what_is_in_force_and_not_what_was_written_last(
    judging: InForce | None, marks: list[str], last: str
) -> None:
    """What the log was not told of, or signals cannot use, is listed as that."""
    said = list(_listed([*ROWS, ODD], judging, None))
    assert all(line.endswith(mark) for line, mark in zip(said, marks, strict=False))
    assert [line.startswith(last) for line in said[3:]] == [True] * bool(last)


def test_what_was_published_after_the_version_in_force_is_not_heeded() -> None:
    """Nothing is, while a file is in force."""
    assert unheeded([*ROWS, ODD], InForce("one", None, "published")) == [ROWS[1], ODD]
    assert unheeded(ROWS, InForce("two", None, BY_SNAPSHOTS)) == []
    assert unheeded(ROWS, InForce("two", None, "", Path("/p"))) == ROWS
    assert unheeded(ROWS, None) == ROWS
    assert list(_listed([], None, None)) == [
        "none was published: signals judges by the file that UPSWING_SIGNALS_PLAYBOOK names"
    ]
