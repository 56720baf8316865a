"""Definitions 48, 49 and 68: one gated feature tried again and again, and the problem that an add-on would solve."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

GAP = partial(begin_with, changes=only("feature_gap"))
SUPPORT: dict[str, object] = {
    "price": 300,
    "problem": {"type": "ticket.opened", "count": 2, "days": 10, "where": {"severity": "high"}},
}
IMPORT: dict[str, object] = {
    "price": 150,
    "problem": {"type": "feature.used", "count": 3, "days": 5, "where": {"feature": "reports", "quantity": 7}},
    "earliest_day": 14,
    "prerequisites": ["alerts"],
}
SUPPORTED = ["fired addon_problem:Priority Support"]


def addons(**given: dict[str, object]) -> dict[str, object]:
    """Return the changes that leave only these add-ons, each name with underscores for blanks."""
    return only("addon_problem") | {"addons": {name.replace("_", " "): addon for name, addon in given.items()}}


def ticket(story: Story, when: str, severity: str = "high") -> list[str]:
    """Open a ticket."""
    return story.happens(when, "ticket.opened", ticket_id="t", severity=severity)


def test_49_feature_gap_counts_events_of_all_users_and_not_quantities(tell: Tell) -> None:
    """A use of 99, then a block, then a use of nobody: the third event fires, for that feature alone."""
    story = GAP(tell, plan="Starter")
    assert story.happens("2026-01-02 10:00", "feature.used", user="u1", feature="sso", quantity=99) == []
    assert story.happens("2026-01-03 10:00", "feature.blocked", user="u2", feature="sso") == []
    assert story.happens("2026-01-03 10:00", "feature.blocked", user="u2", feature="automation") == []
    assert story.happens("2026-01-04 10:00", "feature.used", feature="sso") == ["fired feature_gap:sso"]
    assert (story.told[-1].value, story.told[-1].threshold) == (3, 3)


@pytest.mark.parametrize(("third", "told"), [("2026-01-08 10:00", ["fired feature_gap:sso"]), ("2026-01-09 10:00", [])])
def test_49_three_lie_in_seven_days(tell: Tell, third: str, told: list[str]) -> None:
    """January 2 to 8 are seven days."""
    story = GAP(tell, plan="Starter")
    for when in ("2026-01-02 10:00", "2026-01-03 10:00"):
        story.happens(when, "feature.blocked", feature="sso")
    assert story.happens(third, "feature.blocked", feature="sso") == told


@pytest.mark.parametrize(
    "facts",
    [{}, {"plan": "Handmade"}, {"plan": "Scale"}, {"plan": "Starter", "purchased_features": ["sso"]}],
    ids=["no plan", "unknown plan", "nothing above", "purchased"],
)
def test_48_what_is_not_gated_is_no_gap(tell: Tell, facts: dict[str, object]) -> None:
    """Nothing is gated without a known plan, nor what is in it or has been purchased."""
    story = GAP(tell, **facts)
    assert [story.happens(f"2026-01-02 1{n}:00", "feature.blocked", feature="sso") for n in range(4)] == [[]] * 4


def test_48_a_feature_that_is_gated_no_more_has_no_value_and_ends(tell: Tell) -> None:
    """Purchased after it fired: nothing is unfired, and it ends at the change of day."""
    story = GAP(tell, plan="Starter")
    for hour in range(10, 13):
        story.happens(f"2026-01-02 {hour}:00", "feature.blocked", feature="sso")
    assert story.facts("2026-01-02 14:00", plan="Scale") == []
    assert story.tick("2026-01-03 00:00") == ["resolved feature_gap:sso"]


def test_68_an_addon_fires_while_its_problem_is_reached(tell: Tell) -> None:
    """Two grave tickets in ten days; it ends when one of them has left the window."""
    story = begin_with(tell, addons(Priority_Support=SUPPORT))
    assert ticket(story, "2026-01-02 10:00") == []
    assert ticket(story, "2026-01-03 10:00", "low") == []
    assert ticket(story, "2026-01-11 10:00") == SUPPORTED
    assert (story.told[-1].value, story.told[-1].threshold, story.told[-1].comparison) == (2, 2, ">=")
    assert story.tick("2026-01-12 00:00") == []
    assert story.tick("2026-01-13 00:00") == ["resolved addon_problem:Priority Support"]


def test_68_ten_days_are_ten_days(tell: Tell) -> None:
    """January 2 and 12 are eleven."""
    story = begin_with(tell, addons(Priority_Support=SUPPORT))
    ticket(story, "2026-01-02 10:00")
    assert ticket(story, "2026-01-12 10:00") == []


@pytest.mark.parametrize("fact", ["products", "purchased_features"])
def test_68_an_addon_that_is_owned_has_no_value(tell: Tell, fact: str) -> None:
    """Owned at the record that would fire it; given up, it fires at the record that says so."""
    story = begin_with(tell, addons(Priority_Support=SUPPORT), **{fact: ["Priority Support"]})
    ticket(story, "2026-01-02 10:00")
    assert ticket(story, "2026-01-03 10:00") == []
    assert story.facts("2026-01-03 11:00", **{fact: []}) == SUPPORTED
    assert story.facts("2026-01-03 12:00", **{fact: ["Priority Support"]}) == []
    assert story.tick("2026-01-04 00:00") == ["resolved addon_problem:Priority Support"]


def use_reports(story: Story, day: str, *, quantity: int = 7, times: int = 3) -> list[str]:
    """Use reports some times on a day, all in one record."""
    lines = [story.line(f"{day} 1{n}:00", "feature.used", feature="reports", quantity=quantity) for n in range(times)]
    return story.fold(*lines)


@pytest.mark.parametrize(("day", "told"), [("2026-01-14", []), ("2026-01-15", ["fired addon_problem:Bulk"])])
def test_68_an_addon_waits_for_its_earliest_day(tell: Tell, day: str, told: list[str]) -> None:
    """Onboarded on January 1: the 15th is the 14th day after."""
    story = begin_with(tell, addons(Bulk=IMPORT), onboarded_at="2026-01-01")
    story.happens("2026-01-02 10:00", "feature.used", feature="alerts")
    assert use_reports(story, day) == told


@pytest.mark.parametrize(("earliest", "fires"), [(0, True), (1, False)])
def test_68_without_an_onboarding_an_earliest_day_is_never_reached(tell: Tell, earliest: int, *, fires: bool) -> None:
    """Only an add-on that asks for no day can be needed."""
    story = begin_with(tell, addons(Bulk=IMPORT | {"earliest_day": earliest, "prerequisites": []}))
    assert bool(use_reports(story, "2026-01-20")) == fires


def test_68_the_passing_of_a_day_may_bring_the_earliest_day(tell: Tell) -> None:
    """Used on the 13th and 14th; the 15th begins."""
    story = begin_with(tell, addons(Bulk=IMPORT | {"prerequisites": []}), onboarded_at="2026-01-01")
    assert use_reports(story, "2026-01-14") == []
    assert story.tick("2026-01-15 00:00") == ["fired addon_problem:Bulk"]


def test_68_every_prerequisite_must_be_adopted(tell: Tell) -> None:
    """Adopted as in the gate: here one day of 60; any feature, by anybody."""
    story = begin_with(tell, addons(Bulk=IMPORT), onboarded_at="2025-01-01")
    assert use_reports(story, "2026-01-20") == []
    assert story.happens("2026-01-20 20:00", "feature.used", feature="alerts") == ["fired addon_problem:Bulk"]


@pytest.mark.parametrize(("quantity", "times", "fires"), [(7, 3, True), (8, 3, False), (7, 2, False)])
def test_68_every_property_of_where_must_be_equal(tell: Tell, quantity: int, times: int, *, fires: bool) -> None:
    """`feature` and `quantity` both."""
    story = begin_with(tell, addons(Bulk=IMPORT | {"prerequisites": []}), onboarded_at="2025-01-01")
    assert bool(use_reports(story, "2026-01-20", quantity=quantity, times=times)) == fires


def test_68_a_new_playbooks_problem_does_not_look_back(tell: Tell) -> None:
    """Two tickets before the new playbook's add-on count for nothing, two after it do."""
    later = playbook(WIDE_OPEN | addons(Priority_Support=SUPPORT) | {"version": "second"})
    story = tell(only("addon_problem") | {"addons": {}}, later)
    story.ready("2026-01-01 09:00")
    ticket(story, "2026-01-02 10:00")
    ticket(story, "2026-01-02 11:00")
    story.judge_by("2026-01-02 12:00", later)
    assert story.tick("2026-01-03 00:00") == []
    assert ticket(story, "2026-01-03 10:00") == []
    assert ticket(story, "2026-01-03 11:00") == SUPPORTED


def test_68_a_problem_that_stays_in_the_playbook_goes_on_counting(tell: Tell) -> None:
    """Another count and other days, the same type and `where`: the ticket before the change counts."""
    problem = {"type": "ticket.opened", "count": 3, "days": 20, "where": {"severity": "high"}}
    later = playbook(WIDE_OPEN | addons(Priority_Support=SUPPORT | {"problem": problem}) | {"version": "second"})
    story = begin_with(lambda changes: tell(changes, later), addons(Priority_Support=SUPPORT))
    ticket(story, "2026-01-02 10:00")
    story.judge_by("2026-01-02 12:00", later)
    assert ticket(story, "2026-01-14 10:00") == []
    assert ticket(story, "2026-01-14 11:00") == SUPPORTED


def test_68_a_problem_that_was_away_begins_anew(tell: Tell) -> None:
    """In the playbook, out of it, and in it again: the ticket of before counts no more."""
    with_it = addons(Priority_Support=SUPPORT)
    without = playbook(WIDE_OPEN | only("addon_problem") | {"addons": {}, "version": "without"})
    again = playbook(WIDE_OPEN | with_it | {"version": "again"})
    story = begin_with(lambda changes: tell(changes, without, again), with_it)
    ticket(story, "2026-01-02 10:00")
    story.judge_by("2026-01-02 11:00", without)
    story.judge_by("2026-01-02 12:00", again)
    assert ticket(story, "2026-01-03 10:00") == []
    assert ticket(story, "2026-01-03 11:00") == SUPPORTED
