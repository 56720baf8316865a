"""Definitions 13, 35, 51, 52, 57, 77: seats that nobody uses, users who never came, milestones that were missed."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only, playbook

sleeping = partial(begin_with, changes=only("dormant_users"))
seated = partial(begin_with, changes=only("low_seat_use"))
onboarding = partial(begin_with, changes=only("milestone_missed"))
DORMANT, LOW, MISSED = "dormant_users", "low_seat_use", "milestone_missed"


def join(story: Story, when: str, *users: str) -> list[str]:
    """Provision some users, all in one record."""
    return story.fold(*(story.line(when, "user.provisioned", user=user) for user in users))


def test_51_three_users_of_two_weeks_ago_who_were_never_active(tell: Tell) -> None:
    """Provisioned on January 2, whatever the hour: 14 days before the 16th; judged when that day begins."""
    story = sleeping(tell)
    join(story, "2026-01-02 23:59", "a", "b", "c")
    assert story.tick("2026-01-15 23:59") == []
    assert story.tick("2026-01-16 00:00") == [f"fired {DORMANT}"]
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.decided_by) == (100, 20, ">=", "day/2026-01-16")


@pytest.mark.parametrize(("dormant", "cohort", "fires"), [(2, 2, False), (3, 15, True), (3, 16, False), (4, 20, True)])
def test_51_at_least_three_and_at_least_a_fifth(tell: Tell, dormant: int, cohort: int, *, fires: bool) -> None:
    """Two of two are too few; three of sixteen are 18.75 %."""
    story = sleeping(tell)
    users = [f"u{number:02}" for number in range(cohort)]
    join(story, "2026-01-02 10:00", *users)
    story.active("2026-01-03 10:00", *users[dormant:])
    assert story.tick("2026-01-16 00:00") == ([f"fired {DORMANT}"] if fires else [])


def test_51_it_ends_when_they_come_and_no_sooner_than_at_midnight(tell: Tell) -> None:
    """The first of three comes: two are no value."""
    story = sleeping(tell)
    join(story, "2026-01-02 10:00", "a", "b", "c")
    story.tick("2026-01-16 00:00")
    assert story.active("2026-01-16 10:00", "a") == []
    assert story.tick("2026-01-17 00:00") == [f"resolved {DORMANT}"]


def test_51_it_ends_at_five_points_below(tell: Tell) -> None:
    """Three of fifteen: 20 %; of nineteen 15.8 %: stands; of twenty 15 %: over."""
    story = sleeping(tell)
    users = [f"u{number:02}" for number in range(20)]
    join(story, "2026-01-02 10:00", *users[:15])
    join(story, "2026-01-03 10:00", *users[15:19])
    join(story, "2026-01-04 10:00", *users[19:])
    story.active("2026-01-05 10:00", *users[3:])
    assert story.tick("2026-01-16 00:00") == [f"fired {DORMANT}"]
    assert story.tick("2026-01-17 00:00") == []
    assert story.tick("2026-01-18 00:00") == [f"resolved {DORMANT}"]


def test_51_activity_however_old_is_activity(tell: Tell) -> None:
    """A single session of before the provisioning, nine months ago: never dormant."""
    story = sleeping(tell)
    story.active("2025-04-01 10:00", "a")
    join(story, "2026-01-02 10:00", "a", "b", "c")
    assert story.tick("2026-12-31 00:00") == []


def test_51_a_late_session_counts_when_the_day_changes(tell: Tell) -> None:
    """Fired on the 16th; a session of the 5th arrives on the 17th: over on the 18th."""
    story = sleeping(tell)
    join(story, "2026-01-02 10:00", "a", "b", "c")
    story.tick("2026-01-17 00:00")
    assert story.active("2026-01-05 10:00", "a") == []
    assert story.tick("2026-01-18 00:00") == [f"resolved {DORMANT}"]


def test_13_77_provisioned_since_the_latest_departure(tell: Tell) -> None:
    """C was active, left and came back: the cohort's fortnight, and his activity, begin anew.

    ::

        Jan 2   a, b, c provisioned; c active
        Jan 4   c deactivated
        Jan 5   c provisioned, and on the 9th again
        Jan 18  13 days                             -
        Jan 19  14 days since the earliest          fired
    """
    story = sleeping(tell)
    join(story, "2026-01-02 10:00", "a", "b", "c")
    story.active("2026-01-03 10:00", "c")
    story.happens("2026-01-04 10:00", "user.deactivated", user="c")
    join(story, "2026-01-05 10:00", "c")
    join(story, "2026-01-09 10:00", "c")
    assert story.tick("2026-01-18 00:00") == []
    assert story.tick("2026-01-19 00:00") == [f"fired {DORMANT}"]


def test_51_who_has_gone_is_not_in_the_cohort(tell: Tell) -> None:
    """Two deactivated, one erased: nobody is left."""
    story = sleeping(tell)
    join(story, "2026-01-02 10:00", "a", "b", "c", "d", "e")
    story.happens("2026-01-03 10:00", "user.deactivated", user="a")
    story.happens("2026-01-03 10:00", "user.erased", user="b")
    assert story.tick("2026-01-16 00:00") == [f"fired {DORMANT}"]
    story.happens("2026-01-16 10:00", "user.erased", user="c")
    assert story.tick("2026-01-17 00:00") == [f"resolved {DORMANT}"]


def test_35_adoption_is_judged_only_when_the_day_changes(tell: Tell) -> None:
    """Three late provisionings make it so at noon; it fires at midnight."""
    story = sleeping(tell)
    story.tick("2026-02-01 12:00")
    assert join(story, "2026-01-02 10:00", "a", "b", "c") == []
    assert story.tick("2026-02-02 00:00") == [f"fired {DORMANT}"]


@pytest.mark.parametrize(("active", "fires"), [(2, True), (3, False)])
def test_52_less_than_30_percent_of_the_seats(tell: Tell, active: int, *, fires: bool) -> None:
    """Three of ten are 30 %: not less. Onboarded on January 1, judged when the 31st day after it begins."""
    story = seated(tell, seats=10, onboarded_at="2026-01-01")
    story.active("2026-01-20 10:00", *(f"u{number}" for number in range(active)))
    assert story.tick("2026-01-31 23:59") == []
    assert story.tick("2026-02-01 00:00") == ([f"fired {LOW}"] if fires else [])
    if fires:
        told = story.told[-1]
        assert (told.value, told.threshold, told.comparison) == (20, 30, "<")


def test_52_it_ends_at_35_percent(tell: Tell) -> None:
    """Of twenty seats 5 are 25 %, 6 are 30 %: stands, 7 are 35 %: over."""
    story = seated(tell, seats=20, onboarded_at="2025-10-01")
    story.active("2026-01-01 10:00", "a", "b", "c", "d", "e")
    assert story.tick("2026-01-02 00:00") == [f"fired {LOW}"]
    assert story.tick("2026-01-03 00:00") == []
    story.active("2026-01-03 10:00", "f")
    assert story.tick("2026-01-04 00:00") == []
    story.active("2026-01-04 10:00", "g")
    assert story.tick("2026-01-05 00:00") == [f"resolved {LOW}"]


def test_52_of_the_30_days_that_have_ended(tell: Tell) -> None:
    """Three of ten on January 2: in the window that ended on the 31st, not in the next; who came today counts later.

    ::

        Jan 31  ended, from Jan 2: 3 of 10     -
        Feb 1   d active
        Feb 2   ended Feb 1, from Jan 3: d     fired (10)
    """
    story = seated(tell, seats=10, onboarded_at="2026-01-01")
    story.active("2026-01-02 10:00", "a", "b", "c")
    assert story.tick("2026-02-01 00:00") == []
    assert story.active("2026-02-01 10:00", "d") == []
    assert story.tick("2026-02-02 00:00") == [f"fired {LOW}"]
    assert story.told[-1].value == 10


@pytest.mark.parametrize("facts", [{"seats": 0}, {"seats": None}, {"onboarded_at": None}])
def test_50_52_without_seats_or_onboarding_there_is_no_share(tell: Tell, facts: dict[str, object]) -> None:
    """Silent, and what has fired ends."""
    story = seated(tell, seats=10, onboarded_at="2025-10-01")
    assert story.tick("2026-01-02 00:00") == [f"fired {LOW}"]
    story.facts("2026-01-02 10:00", **facts)
    assert story.tick("2026-01-03 00:00") == [f"resolved {LOW}"]
    assert story.tick("2026-01-04 00:00") == []


def test_57_a_milestone_is_missed_on_the_first_day_after_its_due_day(tell: Tell) -> None:
    """SMB: first_dashboard within 7 days, first_report within 21; one trigger for whatever is missed.

    ::

        Jan 1   onboarded
        Jan 8   day 7: still in time
        Jan 9   day 8                                      fired (1)
        Jan 10  first_dashboard reached
        Jan 11  0 <= 1 - 1                                 resolved
        Jan 23  day 22: first_report                       fired (1)
    """
    story = onboarding(tell, onboarded_at="2026-01-01", segment="SMB")
    assert story.tick("2026-01-08 23:59") == []
    assert story.tick("2026-01-09 00:00") == [f"fired {MISSED}"]
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.scope) == (1, 1, ">=", None)
    assert story.happens("2026-01-10 10:00", "milestone.reached", milestone="first_dashboard") == []
    assert story.tick("2026-01-11 00:00") == [f"resolved {MISSED}"]
    assert story.tick("2026-01-22 00:00") == []
    assert story.tick("2026-01-23 00:00") == [f"fired {MISSED}"]


def test_57_one_that_was_reached_late_or_early_is_not_missed(tell: Tell) -> None:
    """Told late, of before the onboarding; one that the segment does not ask for helps nothing."""
    story = onboarding(tell, onboarded_at="2026-01-01", segment="SMB")
    story.happens("2025-12-20 10:00", "milestone.reached", milestone="first_dashboard")
    story.happens("2026-01-02 10:00", "milestone.reached", milestone="governance_approved")
    assert story.tick("2026-01-22 00:00") == []
    assert story.tick("2026-01-23 00:00") == [f"fired {MISSED}"]


def test_57_69_the_segment_in_force_decides(tell: Tell) -> None:
    """Day 8 of an SMB that becomes an Enterprise on it: due by day 21 only, so what has fired ends."""
    story = onboarding(tell, onboarded_at="2026-01-01", segment="SMB")
    assert story.tick("2026-01-09 00:00") == [f"fired {MISSED}"]
    story.facts("2026-01-09 10:00", segment="Enterprise")
    assert story.tick("2026-01-10 00:00") == [f"resolved {MISSED}"]
    assert story.tick("2026-01-22 00:00") == []
    assert story.tick("2026-01-23 00:00") == [f"fired {MISSED}"]


def test_57_without_onboarding_nothing_is_missed(tell: Tell) -> None:
    """Nor with one that lies ahead."""
    story = onboarding(tell, segment="SMB")
    assert story.tick("2026-06-01 00:00") == []
    story = onboarding(tell, segment="SMB", onboarded_at="2026-07-01")
    assert story.tick("2026-07-01 00:00") == []


def test_66_an_adoption_rule_that_holds_only_by_a_new_playbook_fires_at_the_change_of_day(tell: Tell) -> None:
    """Two sleepers are enough for the second playbook."""
    changes = only("dormant_users")
    later = playbook(changes | {"version": "second", "rules.dormant_users.users": 2})
    story = tell(changes, later)
    story.ready("2026-01-01 09:00")
    join(story, "2026-01-02 10:00", "a", "b")
    story.tick("2026-01-20 00:00")
    assert story.judge_by("2026-01-20 10:00", later) == []
    assert story.active("2026-01-20 11:00", "x") == []
    assert story.tick("2026-01-21 00:00") == [f"fired {DORMANT}"]
