"""Every definition of the handbook is named by a test: in the name of one, `test_44_...`, or in a docstring."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
DEFINITIONS = TESTS.parent / "../shared/definitions.md"
OUTSIDE = {
    42: "the scorecard, a report",
    64: "ownership in the pipeline",
    65: "calibration, a later issue",
    79: "SLA clocks in the pipeline",
    80: "the lifecycle of reports",
}
NAME = re.compile(r"def test_((?:\d+_)+)")
SENTENCE = re.compile(r"[Dd]efinitions? (\d+(?:(?:, | and | to |, and )\d+)*)")
NUMBER = re.compile(r"(\d+)(?: to (\d+))?")


def named() -> set[int]:
    """Return the numbers that tests name."""
    numbers: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        text = path.read_text()
        numbers |= {int(number) for name in NAME.findall(text) for number in name.split("_") if number}
        for sentence in SENTENCE.findall(text):
            for first, last in NUMBER.findall(sentence):
                numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


@pytest.mark.skipif(not DEFINITIONS.exists(), reason="without the handbook")
def test_every_definition_is_named_by_a_test_or_lies_outside_the_engine() -> None:
    """Those that lie outside are listed here, one by one, with where they belong."""
    entries = {int(number) for number in re.findall(r"^- \*\*(\d+)\.", DEFINITIONS.read_text(), re.MULTILINE)}
    assert len(entries) > 70
    assert entries - named() - OUTSIDE.keys() == set()
    assert OUTSIDE.keys() <= entries
