"""Definitions 18, 19 and 33: several expansion rules that are open together."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

USAGE = ("usage_ceiling", "seat_saturation", "gated_exploration")
OTHERS = ("outcome_achieved", "champion_promoted", "organisational_change", "executive_interest")
ALL = only("compound", "champion_left", *USAGE, *OTHERS)
begin = partial(begin_with, changes=ALL, limits={"storage_gb": 100})
COMPOUND = "fired compound"


def gauge(story: Story, when: str, level: int) -> list[str]:
    """Report a level of the gauge."""
    return story.happens(when, "usage.reported", metric="storage_gb", level=level)


def achieves(story: Story, when: str) -> list[str]:
    """Achieve a primary outcome."""
    return story.happens(when, "outcome.achieved", outcome="saved", primary=True)


def test_18_three_rules_of_two_categories_fire_it_by_the_record_of_the_third(tell: Tell) -> None:
    """Seats and ceiling are usage, the outcome is one; the compound comes last of its record."""
    story = begin(tell, seats=1)
    assert story.active("2026-01-10 10:00", "u1") == ["fired seat_saturation:active"]
    assert gauge(story, "2026-01-11 10:00", 75) == ["fired usage_ceiling:storage_gb@nurture"]
    assert achieves(story, "2026-01-12 10:00") == ["fired outcome_achieved", COMPOUND]
    assert (story.told[-1].value, story.told[-1].threshold, story.told[-1].comparison) == (3, 3, ">=")


def test_19_a_ceiling_at_nurture_counts_as_every_level_does(tell: Tell) -> None:
    """The nurture level is the third rule."""
    story = begin(tell, seats=1)
    story.active("2026-01-10 10:00", "u1")
    achieves(story, "2026-01-11 10:00")
    assert gauge(story, "2026-01-12 10:00", 70) == ["fired usage_ceiling:storage_gb@nurture", COMPOUND]


def test_18_three_rules_of_one_category_are_none(tell: Tell) -> None:
    """All of usage; the fourth, of another category, brings four at once."""
    story = begin(tell, plan="Starter", seats=1)
    story.active("2026-01-10 10:00", "u1")
    gauge(story, "2026-01-10 11:00", 75)
    for feature in ("sso", "roles", "automation"):
        story.happens("2026-01-10 12:00", "feature.blocked", feature=feature)
    assert {key[0] for key in story.explain().states} == set(USAGE)
    assert achieves(story, "2026-01-11 10:00") == ["fired outcome_achieved", COMPOUND]
    assert story.told[-1].value == 4


def test_18_levels_scopes_and_happenings_of_one_rule_are_one(tell: Tell) -> None:
    """Two levels and two outcomes are two rules."""
    story = begin(tell)
    gauge(story, "2026-01-10 10:00", 75)
    gauge(story, "2026-01-10 11:00", 90)
    achieves(story, "2026-01-10 12:00")
    assert achieves(story, "2026-01-10 13:00") == ["fired outcome_achieved"]


def test_18_risks_do_not_count(tell: Tell) -> None:
    """A champion who leaves is a third rule of a third category, and no expansion."""
    story = begin(tell, seats=1)
    story.active("2026-01-10 10:00", "u1")
    achieves(story, "2026-01-11 10:00")
    assert story.happens("2026-01-12 10:00", "champion.changed", change="left") == ["fired champion_left"]


@pytest.mark.parametrize(("third", "told"), [("2026-02-08 10:00", [COMPOUND]), ("2026-02-09 10:00", [])])
def test_18_it_counts_what_fired_today_or_in_the_29_days_before(tell: Tell, third: str, told: list[str]) -> None:
    """A ceiling of January 10 stands; on February 9 it counts no more."""
    story = begin(tell)
    gauge(story, "2026-01-10 10:00", 75)
    story.happens("2026-01-20 10:00", "champion.changed", change="promoted")
    story.happens("2026-01-30 10:00", "feature.used", feature="dashboards")
    assert achieves(story, third) == ["fired outcome_achieved", *told]


def test_18_a_level_that_was_only_passed_does_not_count_when_its_own_ended(tell: Tell) -> None:
    """Executive fired at 96; at 76 it has ended and the lower ones, which counted as fired, are no triggers."""
    story = begin(tell)
    assert gauge(story, "2026-01-10 10:00", 96) == ["fired usage_ceiling:storage_gb@executive"]
    gauge(story, "2026-01-10 11:00", 76)
    assert story.tick("2026-01-11 00:00") == ["resolved usage_ceiling:storage_gb@executive"]
    story.happens("2026-01-11 10:00", "champion.changed", change="promoted")
    assert achieves(story, "2026-01-11 11:00") == ["fired outcome_achieved"]


def test_18_held_ones_count_and_it_is_held_itself(tell: Tell) -> None:
    """Suspended: all are held, the compound too, and all are released together, the compound last."""
    story = begin(tell, status="suspended", seats=1)
    story.active("2026-01-10 10:00", "u1")
    gauge(story, "2026-01-10 11:00", 75)
    assert achieves(story, "2026-01-10 12:00") == ["held outcome_achieved", "held compound"]
    assert story.told[-1].held_because == ("suspended",)
    assert story.facts("2026-01-10 13:00", status="active") == [
        "released usage_ceiling:storage_gb@nurture",
        "released seat_saturation:active",
        "released outcome_achieved",
        "released compound",
    ]


def test_4_it_ends_when_the_number_has_fallen_by_one(tell: Tell) -> None:
    """An outcome of January 12 ends on February 11; on that day there are two, and its midnight ends the compound."""
    story = begin(tell, seats=1)
    achieves(story, "2026-01-12 10:00")
    story.active("2026-02-06 10:00", "u1")
    assert gauge(story, "2026-02-07 10:00", 75)[-1:] == [COMPOUND]
    assert story.tick("2026-02-11 00:00") == ["resolved outcome_achieved"]
    assert story.tick("2026-02-12 00:00") == ["resolved compound"]


def test_18_too_few_categories_are_a_value_of_nothing(tell: Tell) -> None:
    """Three rules stay, of one category: the value is 0, not 3."""
    story = begin(tell, plan="Starter", seats=1)
    achieves(story, "2026-01-12 10:00")
    story.active("2026-02-06 10:00", "u1")
    for feature in ("sso", "roles", "automation"):
        story.happens("2026-02-06 12:00", "feature.blocked", feature=feature)
    gauge(story, "2026-02-07 10:00", 75)
    story.tick("2026-02-11 00:00")
    assert story.explain().states["compound", None, None] == "fired"
    assert story.tick("2026-02-12 00:00") == ["resolved compound"]
