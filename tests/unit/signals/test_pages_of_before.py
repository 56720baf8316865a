"""Pages as an earlier version wrote them are read by this one: fields that they lack have their defaults.

The bytes in `pages_before_acts.json` are those of an account with users, an open trigger and employees, before acts
and the history of employees were kept. Never write them anew: add a file when a format has been released.
"""

import json
from pathlib import Path

import msgspec
import pytest

from services.signals.core.meta import Meta
from services.signals.core.pages import META_KEY, SCHEMA_VERSION
from shared.kernel.errors import ConfigurationError
from tests.oracle.adapters import EPOCH, EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, playbook

PAGES = Path(__file__).parents[2] / "support" / "signals" / "pages_before_acts.json"
LATEST = 12  # the last offset that the pages hold


@pytest.fixture
def story() -> Story:
    """Go on with the account of the pages, on its January 3."""
    subject = EngineSubject([playbook(WIDE_OPEN)])
    pages = json.loads(PAGES.read_text())
    subject.store.pages = {bytes.fromhex(key): bytes.fromhex(page) for key, page in pages.items()}
    subject.restart()
    assert subject.engine.offset == LATEST
    subject.log = [b""] * (LATEST + 1)
    told = Story(subject)
    told.lines = 100
    return told


def test_what_was_open_stays_open_and_ends_by_itself(story: Story) -> None:
    """96 of 100 calls of January; the period turns on February 1."""
    assert story.tick("2026-01-04 00:00") == []
    assert story.explain().states == {("usage_ceiling", "api_calls", "executive"): "fired"}
    assert story.tick("2026-02-01 00:00") == ["resolved usage_ceiling:api_calls@executive"]


def test_the_number_of_employees_in_force_begins_the_history(story: Story) -> None:
    """100 were known; 119 are not a fifth more, 120 are."""
    assert story.facts("2026-01-04 10:00", employees=119) == []
    assert story.facts("2026-01-04 11:00", employees=120) == ["fired headcount_growth"]


def test_the_number_in_force_is_measured_before_another_is_given(story: Story) -> None:
    """100 % of itself."""
    story.happens("2026-01-04 10:00", "session.started")
    shown = story.subject.snapshots["acme"]  # type: ignore[attr-defined]  # an engine's subject keeps them
    (headcount,) = [row for row in shown.rules if row.rule == "headcount_growth"]
    assert (headcount.evidence.value, headcount.evidence.numbers["lowest_given_on"]) == (100, "2026-01-01")


def test_acts_count_from_now_on_and_their_days_are_covered_thirty_days_later(story: Story) -> None:
    """Ann acted on January 3 before, uncounted; on February 2 five are known, and one is busy from the start.

    ::

        Jan 3          20 + 4 acts        Feb 2  00:00  covered; counts as fired
        Feb 3  00:00   over               Feb 5         21 + 4 acts       Feb 6  00:00  fired
    """
    story.facts("2026-01-03 11:00", limits={"api_calls": None}, seats=None)
    story.tick("2026-01-03 11:00")
    story.active("2026-01-03 12:00", *["a"] * 20, "b", "c", "d", "e")
    story.tick("2026-01-05 00:00")
    assert story.tick("2026-02-02 00:00") == []
    assert story.tick("2026-02-05 00:00") == []
    story.active("2026-02-05 12:00", *["ann"] * 21, "b", "c", "d", "e")
    assert story.tick("2026-02-06 00:00") == ["fired power_user"]
    assert story.told[-1].value == 420


def test_a_page_of_a_newer_version_is_refused() -> None:
    """A program that does not know what a page says must not fold on and write it back."""
    subject = EngineSubject([playbook(WIDE_OPEN)])
    meta = Meta(version=SCHEMA_VERSION + 1, stamp=(0, 5), epochs=(EPOCH,))
    subject.store.pages = {META_KEY: msgspec.msgpack.encode(meta)}
    with pytest.raises(ConfigurationError, match="a newer Upswing has written it"):
        subject.restart()
