"""Definitions 4, 7, 10, 22, 30, 31, 35, 58, 69: headcount, and the renewal in sight."""

import pytest

from tests.oracle.beginnings import Tell, begin
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, playbook

GROWN, SEEN = "headcount_growth", "contract_milestone"


@pytest.mark.parametrize(("employees", "fires"), [(119, False), (120, True)])
def test_22_growth_of_a_fifth_over_the_lowest_of_the_year(tell: Tell, employees: int, fires: bool) -> None:
    """100 employees, then 119 or 120."""
    story = begin(tell, employees=100)
    assert story.facts("2026-02-01 10:00", employees=employees) == ([f"fired {GROWN}"] if fires else [])


def test_22_the_lowest_is_not_the_first(tell: Tell) -> None:
    """100, down to 80, up to 96: 120 % of 80."""
    story = begin(tell, employees=100)
    assert story.facts("2026-02-01 10:00", employees=80) == []
    assert story.facts("2026-02-02 10:00", employees=95) == []
    assert story.facts("2026-02-03 10:00", employees=96) == [f"fired {GROWN}"]
    assert story.told[-1].value == 120


def test_22_a_number_replaced_on_its_own_day_was_in_force_on_it(tell: Tell) -> None:
    """80 for an hour is the lowest of the year."""
    story = begin(tell, employees=100)
    story.facts("2026-02-01 10:00", employees=80)
    assert story.facts("2026-02-01 11:00", employees=100) == [f"fired {GROWN}"]


def test_22_the_number_carried_into_the_window_counts_until_another_was_in_force_all_year(tell: Tell) -> None:
    """100 until 2026-02-01 10:00, then 120.

    ::

        2026-02-01  120   fired (120 % of 100)
        2027-01-31        the year begins on 2026-02-01, into which 100 is carried: stands
        2027-02-01        the year begins on 2026-02-02, into which 120 is carried: 100 %
        2027-02-02        resolved, on the value of the day that has ended
    """
    story = begin(tell, employees=100)
    assert story.facts("2026-02-01 10:00", employees=120) == [f"fired {GROWN}"]
    assert story.tick("2027-02-01 00:00") == []
    assert story.tick("2027-02-02 00:00") == [f"resolved {GROWN}"]


def test_22_zeros_are_ignored_and_null_is_no_number(tell: Tell) -> None:
    """Neither is the lowest, and while one of them is in force there is no value."""
    story = begin(tell, employees=100)
    assert story.facts("2026-02-01 10:00", employees=0) == []
    assert story.facts("2026-02-02 10:00", employees=None) == []
    assert story.facts("2026-02-03 10:00", employees=119) == []
    assert story.facts("2026-02-04 10:00", employees=120) == [f"fired {GROWN}"]


def test_22_a_late_older_value_joins_the_history(tell: Tell) -> None:
    """The fact in force stays 119, but a lower number was in force before: it fires at the late record."""
    story = begin(tell, employees=119)
    assert story.happens("2025-06-01 10:00", "account.updated", employees=99) == [f"fired {GROWN}"]
    assert story.told[-1].value == pytest.approx(120.2, abs=0.01)


def test_22_what_was_given_before_the_year_and_replaced_before_it_says_nothing(tell: Tell) -> None:
    """50 of two years ago was replaced by 100 before the window began."""
    story = begin(tell, employees=119)
    assert story.happens("2024-01-01 10:00", "account.updated", employees=50) == [f"fired {GROWN}"]
    story = begin(tell, employees=119)
    assert story.happens("2024-06-01 10:00", "account.updated", employees=100) == []
    assert story.happens("2024-01-01 10:00", "account.updated", employees=50) == []


def test_22_it_ends_at_115_percent(tell: Tell) -> None:
    """5 points below 120 % of 100."""
    story = begin(tell, employees=100)
    story.facts("2026-02-01 10:00", employees=120)
    story.facts("2026-02-01 11:00", employees=116)
    assert story.tick("2026-02-02 00:00") == []
    story.facts("2026-02-02 11:00", employees=115)
    assert story.tick("2026-02-03 00:00") == [f"resolved {GROWN}"]


def renewing(tell: Tell, renews_on: str, health: float | None = 75, changes: dict[str, object] | None = None) -> Story:
    """Begin with an open gate, a renewal date and a health score."""
    story = tell(changes)
    story.facts("2026-01-01 09:00", renews_on=renews_on, health_score=health)
    story.happens("2026-01-01 09:30", "feature.used", feature="dashboards")
    return story


def test_58_it_fires_on_the_sixtieth_day_before_the_renewal(tell: Tell) -> None:
    """May 31 less 60 days is April 1; the change of that day decides."""
    story = renewing(tell, "2026-05-31")
    assert story.happens("2026-03-31 10:00", "feature.used", feature="dashboards") == []
    assert story.tick("2026-04-01 00:00") == [f"fired {SEEN}"]
    assert story.told[-1].decided_by == "day/2026-04-01"


@pytest.mark.parametrize(("days", "fires"), [(31, True), (30, False), (60, True), (61, False)])
def test_58_31_to_60_days(tell: Tell, days: int, fires: bool) -> None:
    """A renewal date that is given on January 1, so many days ahead."""
    story = begin(tell, health_score=80)
    date = {30: "2026-01-31", 31: "2026-02-01", 60: "2026-03-02", 61: "2026-03-03"}[days]
    assert story.facts("2026-01-01 12:00", renews_on=date) == ([f"fired {SEEN}"] if fires else [])


@pytest.mark.parametrize(("health", "fires"), [(75, True), (74.99, False), (None, False)])
def test_58_health_must_be_green(tell: Tell, health: float | None, fires: bool) -> None:
    """75 is green; without health there is no value."""
    story = begin(tell, renews_on="2026-02-20")
    assert story.facts("2026-01-01 12:00", health_score=health) == ([f"fired {SEEN}"] if fires else [])


def test_58_it_may_fire_again_after_falling_back_by_5_points(tell: Tell) -> None:
    """75 fires, 71 stands, 70 ends at the change of day, 75 fires anew."""
    story = renewing(tell, "2026-03-01")
    assert story.told[-1].rule == SEEN
    story.facts("2026-01-02 10:00", health_score=71)
    assert story.tick("2026-01-03 00:00") == []
    story.facts("2026-01-03 10:00", health_score=70)
    assert story.tick("2026-01-04 00:00") == [f"resolved {SEEN}"]
    assert story.facts("2026-01-04 10:00", health_score=75) == [f"fired {SEEN}"]


def test_58_outside_the_days_there_is_no_value_and_it_ends(tell: Tell) -> None:
    """March 1 is 31 days after January 29, the last day in sight; the value of the 30th is none."""
    story = renewing(tell, "2026-03-01")
    assert story.tick("2026-01-30 00:00") == []
    assert story.tick("2026-01-31 00:00") == [f"resolved {SEEN}"]


def test_31_a_completed_renewal_ends_it(tell: Tell) -> None:
    """The renewal is done before its date: at the next change of day it is over, and stays so."""
    story = renewing(tell, "2026-03-01")
    assert story.happens("2026-01-02 10:00", "renewal.completed", term_months=12) == []
    assert story.tick("2026-01-03 00:00") == [f"resolved {SEEN}"]
    assert story.happens("2026-01-04 10:00", "session.started", user="u") == []


def test_69_a_later_renewal_date_ends_it(tell: Tell) -> None:
    """The date in force decides."""
    story = renewing(tell, "2026-03-01")
    assert story.facts("2026-01-02 10:00", renews_on="2027-03-01") == []
    assert story.tick("2026-01-03 00:00") == [f"resolved {SEEN}"]


def test_58_activity_alone_lifts_health_to_green(tell: Tell) -> None:
    """Four seats: with three active users usage is 93.75 points, with two it is 62.5; the third session fires."""
    story = begin(tell, seats=4, renews_on="2026-02-20")
    assert story.active("2026-01-02 10:00", "a", "b") == []
    assert story.active("2026-01-02 11:00", "c") == [f"fired {SEEN}"]


def test_66_green_by_a_new_playbook_waits_for_the_change_of_day(tell: Tell) -> None:
    """Health 62.5; a playbook comes whose green begins at 60: silence, whatever the activity, until midnight."""
    later = playbook(WIDE_OPEN | {"version": "second", "health.green": 60})
    story = tell(None, later)
    story.ready("2026-01-01 09:00", seats=4, renews_on="2026-02-20")
    story.active("2026-01-02 10:00", "a", "b")
    assert story.judge_by("2026-01-02 11:00", later) == []
    assert story.active("2026-01-02 12:00", "a") == []
    assert story.tick("2026-01-03 00:00") == [f"fired {SEEN}"]


def test_66_what_has_fallen_and_risen_again_is_no_longer_true_only_by_the_change(tell: Tell) -> None:
    """The same, but health falls for a moment: the activity that makes it 62.5 again fires at once.

    ::

        Jan 2  11:00  green from 60 on: 62.5 waits
               12:00  a leaves: one of four is active, 31.25
               13:00  c is active: 62.5, fired
    """
    later = playbook(WIDE_OPEN | {"version": "second", "health.green": 60})
    story = tell(None, later)
    story.ready("2026-01-01 09:00", seats=4, renews_on="2026-02-20")
    story.active("2026-01-02 10:00", "a", "b")
    story.judge_by("2026-01-02 11:00", later)
    assert story.happens("2026-01-02 12:00", "user.deactivated", user="a") == []
    assert story.active("2026-01-02 13:00", "c") == [f"fired {SEEN}"]


def test_33_rules_fire_in_the_playbooks_order(tell: Tell) -> None:
    """One update makes three of them fire."""
    story = begin(tell, employees=100)
    story.happens("2026-01-02 09:00", "usage.reported", metric="storage_gb", level=96)
    told = story.facts(
        "2026-01-02 11:00", employees=130, health_score=90, renews_on="2026-02-20", limits={"storage_gb": 100}
    )
    assert told == ["fired usage_ceiling:storage_gb@executive", f"fired {GROWN}", f"fired {SEEN}"]
