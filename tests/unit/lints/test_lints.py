"""Each house rule finds its bad example, leaves its good one alone, and is one file and one row."""

from pathlib import Path

import pytest

from tests.lints.rows import LINTS

FOLDER = Path(__file__).parents[2] / "lints"
FRAME = {"__main__", "lint", "rows"}


@pytest.mark.parametrize("name", LINTS)
def test_a_rule_finds_its_bad_example_and_nothing_in_its_good_one(name: str) -> None:
    """A rule that cannot fail guards nothing."""
    lint = LINTS[name]
    assert lint.findings(lint.good) == []
    assert lint.findings(lint.bad)


def test_every_rule_is_a_file_and_a_row() -> None:
    """A file without a row would never run."""
    assert {path.stem for path in FOLDER.glob("*.py")} - FRAME == set(LINTS)


def test_every_ignore_without_code_or_reason_is_found() -> None:
    """All three kinds of bad ignores are breaches."""
    assert [line for line, _sentence in LINTS["ignores"].findings(LINTS["ignores"].bad)] == [1, 2, 3]


def test_every_dead_name_in_a_document_is_found() -> None:
    """A target, a link, a path and a command."""
    assert len(LINTS["documents"].findings(LINTS["documents"].bad)) == 4
