"""Definitions 10, 26, 28, 41, 67: who asked to be forgotten is nobody's sponsor and nobody's champion any more."""

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only

HEALTH = only("health_critical") | {"health.critical": 80, "health.green": 90}
FIT = only("cross_sell_fit") | {"rules.cross_sell_fit.score": 28}
SPONSORED = {"exec_sponsor": "ada", "champion": "ada"}


def sponsors(story: Story) -> float | None:
    """Return what stakeholders bring to health: 100 with a sponsor, 70 without."""
    return story.explain().components.get("stakeholders")


def test_67_an_erased_sponsor_is_none(tell: Tell) -> None:
    """Health falls at that very record, as if the fact were null; another sponsor brings it back."""
    story = tell(HEALTH)
    story.facts("2026-01-01 09:00", **SPONSORED)
    assert sponsors(story) == 100
    assert story.happens("2026-01-02 12:00", "user.erased", user="bob") == []
    assert story.happens("2026-01-02 12:00", "user.erased", user="ada") == ["fired health_critical"]
    assert sponsors(story) == 70
    story.facts("2026-01-03 09:00", exec_sponsor="cleo")
    assert sponsors(story) == 100


def test_67_an_erased_sponsor_is_missing_in_the_gate(tell: Tell) -> None:
    """Enterprise asks for one."""
    story = tell(WIDE_OPEN | {"gate.smb.exec_sponsor": True})
    story.facts("2026-01-01 09:00", **SPONSORED)
    assert story.explain().met["exec_sponsor"] is True
    story.happens("2026-01-02 12:00", "user.erased", user="ada")
    assert story.explain().met["exec_sponsor"] is False


def test_67_an_erased_champion_leaves_the_whitespace(tell: Tell) -> None:
    """Sponsor and champion count 5 of 5, none of them 1: eight points less, so it ends at midnight."""
    story = tell(WIDE_OPEN | FIT)
    story.facts("2026-01-01 09:00", **SPONSORED)
    story.happens("2026-01-01 09:00", "feature.used", user="eve", feature="dashboards")
    assert {one.value for one in story.told} == {28}
    story.happens("2026-01-02 12:00", "user.erased", user="ada")
    assert story.tick("2026-01-03 00:00") == [f"resolved cross_sell_fit:{name}" for name in ("Connect", "Insights")]


@pytest.mark.parametrize(("given", "counts"), [("2026-01-02 11:59", False), ("2026-01-02 12:01", True)])
@pytest.mark.parametrize("late", [False, True])
def test_67_a_fact_of_after_the_erasure_names_a_new_person(tell: Tell, given: str, counts: bool, late: bool) -> None:
    """By its own time and not by its arrival; what comes late from before does not bring the person back."""
    story = tell(HEALTH)
    story.tick("2026-01-04 00:00")
    if late:
        story.happens("2026-01-02 12:00", "user.erased", user="ada")
    story.facts(given, **SPONSORED)
    if not late:
        story.happens("2026-01-02 12:00", "user.erased", user="ada")
    assert sponsors(story) == (100 if counts else 70)


@pytest.mark.parametrize(("fact", "gone", "counts"), [("a", "b", False), ("b", "a", True)])
def test_3_at_one_instant_the_greater_id_is_the_later(tell: Tell, fact: str, gone: str, counts: bool) -> None:
    """Both are facts."""
    story = tell(HEALTH)
    story.happens("2026-01-02 12:00", "account.updated", name=fact, **SPONSORED)
    story.happens("2026-01-02 12:00", "user.erased", user="ada", name=gone)
    assert sponsors(story) == (100 if counts else 70)


def test_10_an_older_fact_does_not_come_back_in_the_place_of_an_erased_one(tell: Tell) -> None:
    """The latest fact named the person, so there is none; who was sponsor before is not sponsor again."""
    story = tell(HEALTH)
    story.facts("2026-01-01 09:00", exec_sponsor="cleo")
    story.facts("2026-01-02 09:00", exec_sponsor="ada")
    story.happens("2026-01-02 12:00", "user.erased", user="ada")
    assert sponsors(story) == 70
    story.facts("2026-01-02 08:00", exec_sponsor="dan")
    assert sponsors(story) == 70
