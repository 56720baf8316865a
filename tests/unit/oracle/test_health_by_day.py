"""Definitions 4, 27, 32, 36, 55, 56: health as it was when each day began, and the rules that look at it."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

declining = partial(begin_with, changes=only("health_declining"))
critical = partial(begin_with, changes=only("health_critical"))
sustained = partial(begin_with, changes=only("sustained_health"))
FELL, CRITICAL, WELL = "health_declining", "health_critical", "sustained_health"


def scored(story: Story, when: str, score: float | None) -> list[str]:
    """Give the account a health score of its own."""
    return story.facts(when, health_score=score)


def test_55_ten_points_below_the_highest_of_the_days_that_began(tell: Tell) -> None:
    """80 when January 2 began; 70.01 is not enough, 70 is."""
    story = declining(tell, health_score=80)
    story.tick("2026-01-02 00:00")
    assert scored(story, "2026-01-02 10:00", 70.01) == []
    assert scored(story, "2026-01-02 11:00", 70) == [f"fired {FELL}"]
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.scope) == (10, 10, ">=", None)


def test_36_55_only_health_at_changes_of_day_is_kept(tell: Tell) -> None:
    """100 at noon was gone at midnight, and nothing was recorded on the account's first day."""
    story = declining(tell, health_score=100)
    assert scored(story, "2026-01-01 12:00", 50) == []
    story.tick("2026-01-02 00:00")
    scored(story, "2026-01-02 10:00", 100)
    assert scored(story, "2026-01-02 11:00", 45) == []
    assert scored(story, "2026-01-02 12:00", 40) == [f"fired {FELL}"]


def test_55_the_highest_of_them_counts_wherever_it_lies(tell: Tell) -> None:
    """70, 80 and 75 when three days began: 70 is ten below the second."""
    story = declining(tell, health_score=70)
    for day, score in (("02", 80), ("03", 75)):
        story.tick(f"2026-01-{day} 00:00")
        scored(story, f"2026-01-{day} 10:00", score)
    story.tick("2026-01-04 00:00")
    assert scored(story, "2026-01-04 10:00", 70) == [f"fired {FELL}"]
    assert story.told[-1].value == 10


def test_36_what_was_recorded_is_never_reworked(tell: Tell) -> None:
    """A late fact would have made it 40 when January 2 began; it stays 80."""
    story = declining(tell, health_score=80)
    story.tick("2026-01-03 00:00")
    assert scored(story, "2026-01-01 10:00", 40) == [f"fired {FELL}"]
    assert story.told[-1].value == 40


def test_55_a_day_at_which_there_was_no_health_is_passed_over(tell: Tell) -> None:
    """None on the 2nd, 80 on the 3rd; without present health there is no value, and what is open ends."""
    story = declining(tell)
    story.tick("2026-01-02 00:00")
    assert scored(story, "2026-01-02 10:00", 80) == []
    story.tick("2026-01-03 00:00")
    assert scored(story, "2026-01-03 10:00", 60) == [f"fired {FELL}"]
    assert scored(story, "2026-01-03 11:00", None) == []
    assert story.tick("2026-01-04 00:00") == [f"resolved {FELL}"]


def test_55_the_window_is_of_30_changes_of_day(tell: Tell) -> None:
    """80 when January 2 began and 70 on every day after it: the last day of the window is January 31.

    ::

        Jan 2   80 recorded; 70 from 10:00 on        fired
        Jan 31  window Jan 2 .. 31                   stands
        Feb 1   ended day: Jan 31, still 10          stands
        Feb 2   ended day: Feb 1, window from Jan 3  resolved
    """
    story = declining(tell, health_score=80)
    story.tick("2026-01-02 00:00")
    assert scored(story, "2026-01-02 10:00", 70) == [f"fired {FELL}"]
    assert story.tick("2026-02-01 00:00") == []
    assert story.tick("2026-02-02 00:00") == [f"resolved {FELL}"]


def test_4_55_it_ends_at_five_points_and_a_day_may_fire_it(tell: Tell) -> None:
    """Back to 75.01: stands; to 75: over. Health that falls by the passing of days fires at the change of day."""
    story = declining(tell, health_score=80)
    story.tick("2026-01-02 00:00")
    scored(story, "2026-01-02 10:00", 70)
    assert scored(story, "2026-01-02 11:00", 74.99) == []
    assert story.tick("2026-01-03 00:00") == []
    assert scored(story, "2026-01-03 11:00", 75) == []
    assert story.tick("2026-01-04 00:00") == [f"resolved {FELL}"]
    story = declining(tell)
    story.happens("2026-01-02 10:00", "engagement.recorded", kind="reply")
    assert story.tick("2026-02-15 00:00") == []
    assert story.tick("2026-02-16 00:00") == [f"fired {FELL}"]
    assert story.told[-1].decided_by == "day/2026-02-16"


def test_55_a_jump_over_midnights_records_each(tell: Tell) -> None:
    """A week of silence: 80 on each of its days, 60 afterwards."""
    story = declining(tell, health_score=80)
    story.tick("2026-01-08 00:00")
    assert scored(story, "2026-01-08 10:00", 60) == [f"fired {FELL}"]
    assert story.tick("2026-02-07 00:00") == []
    assert story.tick("2026-02-08 00:00") == [f"resolved {FELL}"]


def test_32_36_it_is_recorded_while_the_account_has_left(tell: Tell) -> None:
    """Churned on January 1, back on the 5th: what it was on the 2nd counts."""
    story = declining(tell, health_score=80)
    story.facts("2026-01-01 10:00", status="churned")
    story.tick("2026-01-02 00:00")
    scored(story, "2026-01-02 10:00", 60)
    assert story.facts("2026-01-05 10:00", status="active") == [f"fired {FELL}"]


@pytest.mark.parametrize(("score", "fires"), [(50, False), (49.99, True), (0, True)])
def test_critical_is_below_the_line_which_stands_with_health(tell: Tell, score: float, *, fires: bool) -> None:
    """Less than 50."""
    story = critical(tell, health_score=80)
    assert scored(story, "2026-01-02 10:00", score) == ([f"fired {CRITICAL}"] if fires else [])
    if fires:
        told = story.told[-1]
        assert (told.value, told.threshold, told.comparison) == (score, 50, "<")


def test_4_critical_ends_at_55_or_without_health(tell: Tell) -> None:
    """54.99 stands; 55 is over; no health is no value."""
    story = critical(tell, health_score=40)
    scored(story, "2026-01-02 10:00", 54.99)
    assert story.tick("2026-01-03 00:00") == []
    scored(story, "2026-01-03 10:00", 55)
    assert story.tick("2026-01-04 00:00") == [f"resolved {CRITICAL}"]
    assert scored(story, "2026-01-04 10:00", 50) == []
    assert scored(story, "2026-01-04 11:00", 49) == [f"fired {CRITICAL}"]
    scored(story, "2026-01-04 12:00", None)
    assert story.tick("2026-01-05 00:00") == [f"resolved {CRITICAL}"]


def test_26_critical_is_looked_at_after_whatever_moves_health(tell: Tell) -> None:
    """Seven grave tickets: 100 less 15 and 10 for each; resolving them brings it back."""
    story = critical(tell)
    for number in range(2):
        assert story.happens("2026-01-02 10:00", "ticket.opened", ticket_id=f"t{number}", severity="high") == []
    assert story.happens("2026-01-02 10:00", "ticket.opened", ticket_id="t2", severity="high") == [f"fired {CRITICAL}"]
    assert story.told[-1].value == 25
    for number in range(3):
        story.happens("2026-01-02 11:00", "ticket.resolved", ticket_id=f"t{number}")
    assert story.tick("2026-01-03 00:00") == [f"resolved {CRITICAL}"]


def test_56_at_least_85_when_each_of_30_days_began(tell: Tell) -> None:
    """Recorded from January 2 on: the thirtieth is January 31."""
    story = sustained(tell, health_score=85)
    assert story.tick("2026-01-30 23:59") == []
    assert story.tick("2026-01-31 00:00") == [f"fired {WELL}"]
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.decided_by) == (85, 85, ">=", "day/2026-01-31")


@pytest.mark.parametrize("dip", [84.99, None])
def test_56_one_day_below_or_without_any_begins_it_anew(tell: Tell, dip: float | None) -> None:
    """The dip at the midnight of January 10 lies in the window until February 8; at noon it does not count."""
    story = sustained(tell, health_score=90)
    story.tick("2026-01-05 00:00")
    scored(story, "2026-01-05 10:00", dip)
    scored(story, "2026-01-05 11:00", 90)
    scored(story, "2026-01-09 10:00", dip)
    story.tick("2026-01-10 00:00")
    scored(story, "2026-01-10 10:00", 90)
    assert story.tick("2026-02-08 00:00") == []
    assert story.tick("2026-02-09 00:00") == [f"fired {WELL}"]


def test_4_56_it_ends_when_a_day_began_at_80_or_less(tell: Tell) -> None:
    """80.01 stands, 80 is over: on the value judged at this change of day, the begun one included."""
    story = sustained(tell, health_score=90)
    assert story.tick("2026-01-31 00:00") == [f"fired {WELL}"]
    scored(story, "2026-01-31 10:00", 80.01)
    assert story.tick("2026-02-01 00:00") == []
    scored(story, "2026-02-01 10:00", 80)
    assert story.tick("2026-02-02 00:00") == [f"resolved {WELL}"]


def test_35_sustained_health_is_judged_only_when_the_day_changes(tell: Tell) -> None:
    """Held until the gate opens; at noon nothing is judged anew, and it is released by the value of the midnight."""
    story = tell(only(WELL))
    story.facts("2026-01-01 09:00", health_score=90)
    assert story.tick("2026-01-31 00:00") == [f"held {WELL}"]
    scored(story, "2026-01-31 10:00", 10)
    assert story.happens("2026-01-31 11:00", "feature.used", feature="dashboards") == [f"released {WELL}"]
    assert story.tick("2026-02-01 00:00") == [f"resolved {WELL}"]


def test_36_66_what_was_recorded_is_that_of_the_playbook_of_that_day(tell: Tell) -> None:
    """An account with 60 of engagement and 100 of sentiment: 80 by equal weights, 100 by sentiment alone.

    ::

        Jan 2 - 5   80 recorded by the first playbook
        Jan 5       the second comes: health 60            -  (waits for the change of day)
        Jan 6       20 below what was recorded             fired
    """
    weights = {"usage": 0, "engagement": 100, "support": 0, "sentiment": 0, "outcomes": 0, "stakeholders": 0}
    changes = only("health_declining")
    later = playbook(WIDE_OPEN | changes | {"version": "second", "health.weights": weights})
    story = tell(changes, later)
    story.ready("2026-01-01 09:00")
    story.happens("2026-01-01 10:00", "qbr.held")
    story.happens("2026-01-01 10:00", "survey.answered", survey="nps", score=10)
    story.tick("2026-01-05 00:00")
    assert story.explain().health == 80
    assert story.judge_by("2026-01-05 10:00", later) == []
    assert story.active("2026-01-05 11:00", "u") == []
    assert story.explain().health == 60
    assert story.tick("2026-01-06 00:00") == [f"fired {FELL}"]
    assert story.told[-1].value == 20
