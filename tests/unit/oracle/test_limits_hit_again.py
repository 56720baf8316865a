"""Definition 44: a limit that is reached on a second day, with a re-arm or another period in between."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell, gauge, used
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

begin = partial(begin_with, changes=only("limit_hit_again"))
GAUGE = ["fired limit_hit_again:storage_gb"]
SUM = ["fired limit_hit_again:api_calls"]


def refused(story: Story, when: str, metric: str = "api_calls") -> list[str]:
    """Refuse an action because a limit was reached."""
    return story.happens(when, "limit.reached", metric=metric)


@pytest.mark.parametrize(("low", "high", "told"), [(95, 100, GAUGE), (96, 100, []), (95, "99.999999", [])])
def test_44_a_gauge_is_reached_again_after_a_day_that_ended_at_95_percent(
    tell: Tell, low: int, high: float, told: list[str]
) -> None:
    """100 % on the 2nd, `low` when the 3rd ends, `high` on the 4th; on the 2nd itself nothing fires."""
    story = begin(tell, limits={"storage_gb": 100})
    assert gauge(story, "2026-01-02 10:00", 100) == []
    gauge(story, "2026-01-03 10:00", low)
    assert gauge(story, "2026-01-04 10:00", high) == told


def test_44_it_is_armed_at_the_change_of_day_only(tell: Tell) -> None:
    """Down to 50 % and up again within a day is the same reach, and up before midnight is armed by nothing."""
    story = begin(tell, limits={"storage_gb": 100})
    gauge(story, "2026-01-02 10:00", 100)
    gauge(story, "2026-01-03 10:00", 50)
    gauge(story, "2026-01-03 11:00", 100)
    assert gauge(story, "2026-01-04 11:00", 101) == []
    gauge(story, "2026-01-04 12:00", 95)
    assert gauge(story, "2026-01-05 11:00", 100) == GAUGE


def test_44_a_summed_limit_is_armed_by_the_turn_of_the_period(tell: Tell) -> None:
    """100 of 100 on January 25, and again on February 10: the period has turned on the 1st."""
    story = begin(tell, limits={"api_calls": 100})
    assert used(story, "2026-01-25 10:00", 100) == []
    assert used(story, "2026-01-26 10:00", 100) == []
    assert used(story, "2026-02-10 10:00", "99.999999") == []
    assert used(story, "2026-02-10 11:00", "0.000001") == SUM
    assert (story.told[-1].value, story.told[-1].threshold) == (2, 2)


def test_44_a_gauge_is_not_armed_by_the_turn(tell: Tell) -> None:
    """At 100 % through the turn: one day; the report of 95 % arms it, not the 1st of the month."""
    story = begin(tell, limits={"storage_gb": 100})
    gauge(story, "2026-01-30 10:00", 100)
    assert gauge(story, "2026-02-02 10:00", 110) == []
    assert gauge(story, "2026-02-03 10:00", 95) == []
    assert gauge(story, "2026-02-04 10:00", 100) == GAUGE


def test_44_refusals_on_two_days_with_a_measured_use_of_95_percent_are_two(tell: Tell) -> None:
    """The product refuses at 95 used of 100: it is armed again each midnight."""
    story = begin(tell, limits={"api_calls": 100})
    used(story, "2026-01-10 10:00", 95)
    assert refused(story, "2026-01-10 11:00") == []
    assert refused(story, "2026-01-10 12:00") == []
    assert refused(story, "2026-01-11 10:00") == SUM


def test_44_refusals_above_95_percent_are_one(tell: Tell) -> None:
    """At 96 used of 100 nothing arms it before the period turns."""
    story = begin(tell, limits={"api_calls": 100})
    used(story, "2026-01-20 10:00", 96)
    refused(story, "2026-01-20 11:00")
    assert refused(story, "2026-01-21 10:00") == []
    assert refused(story, "2026-02-01 10:00") == SUM


def test_44_refusals_of_what_is_not_measured_need_two_periods(tell: Tell) -> None:
    """Without a limit there is no measured use: January 20 and 21 are one, February 1 is the second."""
    story = begin(tell)
    refused(story, "2026-01-20 10:00")
    assert refused(story, "2026-01-21 10:00") == []
    assert refused(story, "2026-02-01 10:00") == SUM


def test_44_a_late_refusal_marks_the_day_on_which_it_arrives(tell: Tell) -> None:
    """Both refusals happened on January 10; the second is told on the 12th."""
    story = begin(tell, limits={"api_calls": 100})
    refused(story, "2026-01-10 10:00")
    story.tick("2026-01-12 09:00")
    assert refused(story, "2026-01-10 11:00") == SUM


@pytest.mark.parametrize(("second", "told"), [("2026-02-09 10:00", SUM), ("2026-02-10 10:00", [])])
def test_44_both_days_lie_in_30(tell: Tell, second: str, told: list[str]) -> None:
    """January 11 and February 9 are the first and the last of 30 days."""
    story = begin(tell, limits={"api_calls": 100})
    refused(story, "2026-01-11 10:00")
    assert refused(story, second) == told


def test_4_it_ends_when_the_days_have_fallen_by_one(tell: Tell) -> None:
    """January 11 and 12: when February 10 has ended, January 11 and then 12 are out; one day is at the margin."""
    story = begin(tell, limits={"api_calls": 100})
    refused(story, "2026-01-11 10:00")
    assert refused(story, "2026-01-12 10:00") == SUM
    assert story.tick("2026-02-10 00:00") == []
    assert story.tick("2026-02-11 00:00") == ["resolved limit_hit_again:api_calls"]


def test_11_raising_the_limit_arms_it_and_taking_it_away_leaves_the_days(tell: Tell) -> None:
    """50 used of 50; of 100 it is 50 %, which arms; then unlimited, where a refusal alone still counts."""
    story = begin(tell, limits={"api_calls": 50})
    used(story, "2026-01-10 10:00", 50)
    story.facts("2026-01-10 11:00", limits={"api_calls": 100})
    story.tick("2026-01-11 00:00")
    story.facts("2026-01-11 10:00", limits={"api_calls": None})
    assert used(story, "2026-01-11 11:00", 1000) == []
    assert refused(story, "2026-01-11 12:00") == SUM


def test_36_days_at_a_limit_are_recorded_while_the_rule_is_off(tell: Tell) -> None:
    """Off on both days; what holds when it is on again fires at the next change of day."""
    story = begin(tell, limits={"api_calls": 100})
    story.switch("2026-01-09 10:00", "limit_hit_again", enabled=False)
    refused(story, "2026-01-10 10:00")
    assert refused(story, "2026-01-11 10:00") == []
    assert story.switch("2026-01-11 11:00", "limit_hit_again", enabled=True) == []
    assert refused(story, "2026-01-11 12:00") == []
    assert story.tick("2026-01-12 00:00") == SUM


def test_32_days_at_a_limit_are_recorded_while_the_account_has_churned(tell: Tell) -> None:
    """Churned on the 10th, refused on the 11th and 12th: what holds fires when it is active again."""
    story = begin(tell, limits={"api_calls": 100})
    story.facts("2026-01-10 10:00", status="churned")
    refused(story, "2026-01-11 10:00")
    assert refused(story, "2026-01-12 10:00") == []
    assert story.facts("2026-01-12 11:00", status="active") == SUM


def test_7_the_turn_of_the_billing_period_does_not_end_it(tell: Tell) -> None:
    """Refused on January 30 and 31: open beyond February 1."""
    story = begin(tell, limits={"api_calls": 100})
    refused(story, "2026-01-30 10:00")
    assert refused(story, "2026-01-31 10:00") == SUM
    assert story.tick("2026-02-03 00:00") == []
    assert story.explain().states == {("limit_hit_again", "api_calls", None): "fired"}
