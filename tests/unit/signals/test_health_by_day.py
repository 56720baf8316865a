"""Health by day: critical, declining and sustained health at their boundaries, and what is kept of it."""

from fractions import Fraction

import pytest

from services.signals.core import standing
from services.signals.core.account import Account, new_account
from services.signals.core.recent import RecentIds
from services.signals.core.standing_state import forget_days
from services.signals.core.user import Users
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook
from tests.support.signals.standing import FIRST, begin, on_day


@pytest.mark.parametrize(("score", "fires"), [(50, False), (49.99, True)])
def test_health_below_fifty_is_critical(score: float, fires: bool) -> None:
    """The line itself is not below it."""
    story = begin("health_critical", health_score=80)
    assert story.facts(on_day(1), health_score=score) == (["fired health_critical"] if fires else [])


@pytest.mark.parametrize(("score", "ends"), [(54.99, False), (55, True), (None, True)])
def test_critical_health_is_over_five_points_above_the_line_or_when_nobody_knows_it(
    score: float | None, ends: bool
) -> None:
    """At the end of the day."""
    story = begin("health_critical", health_score=40)
    assert story.told[-1].rule == "health_critical"
    story.facts(on_day(1), health_score=score)
    assert story.tick(on_day(2, "00:00")) == (["resolved health_critical"] if ends else [])


def test_a_late_quantity_in_the_earlier_window_may_make_health_critical() -> None:
    """Usage has doubled until it is known that there was far more the month before; the trend alone is health."""
    story = begin("health_critical")
    assert story.happens(on_day(40), "usage.recorded", metric="calls", quantity=20) == []
    assert story.happens(on_day(10), "usage.recorded", metric="calls", quantity=10) == []
    assert story.happens(on_day(11), "usage.recorded", metric="calls", quantity=100) == []  # in the window of today
    assert story.happens(on_day(10), "feature.used", feature="x", metric="calls", quantity=990) == [
        "fired health_critical"
    ]


@pytest.mark.parametrize("rule", ["health_critical", "renewal_at_risk"])
def test_what_new_terms_made_low_fires_once_it_has_recovered_and_fallen_again(rule: str) -> None:
    """The trend is 150 %, full marks; by the new terms, whose trend begins at 200 %, none.

    Parked at the record of the new playbook, recovered by use, fallen again by late use: that fires at once.
    """
    usual: dict[str, object] = WIDE_OPEN | only(rule)
    harder = {"version": "harder", "health.usage.trend_floor_percent": 200, "health.usage.trend_range_percent": 100}
    story = Story(EngineSubject([playbook(usual), playbook(usual | harder)]))
    story.ready(on_day(0, "09:00"))
    story.facts(on_day(0, "09:30"), renews_on=on_day(80)[:10])
    story.happens(on_day(40), "usage.recorded", metric="calls", quantity=150)
    story.happens(on_day(10), "usage.recorded", metric="calls", quantity=100)
    assert story.judge_by(on_day(40, "11:00"), playbook(usual | harder)) == []
    assert story.happens(on_day(40, "12:00"), "usage.recorded", metric="calls", quantity=10) == []
    assert story.happens(on_day(40, "13:00"), "usage.recorded", metric="calls", quantity=140) == []
    assert story.happens(on_day(9), "usage.recorded", metric="calls", quantity=900) == [f"fired {rule}"]


@pytest.mark.parametrize(("now", "fires"), [(70.01, False), (70, True)])
def test_ten_points_down_from_the_highest_of_thirty_changes_of_day(now: float, fires: bool) -> None:
    """80 was recorded once, on day 1; 90 within a day was not."""
    story = begin("health_declining", health_score=80)
    story.tick(on_day(1, "00:00"))
    story.facts(on_day(1, "09:00"), health_score=90)
    story.facts(on_day(1, "10:00"), health_score=75)
    story.tick(on_day(2, "00:00"))
    assert story.facts(on_day(2), health_score=now) == (["fired health_declining"] if fires else [])


def test_a_decline_counts_from_what_is_within_thirty_changes_of_day() -> None:
    """80 was recorded on day 1: on day 30 it is the first of the window, on day 31 it is gone."""
    story = begin("health_declining", health_score=80)
    story.tick(on_day(1, "00:00"))
    story.facts(on_day(1), health_score=72)
    story.tick(on_day(30, "00:00"))
    assert story.facts(on_day(30, "09:00"), health_score=70) == ["fired health_declining"]
    assert story.facts(on_day(30, "09:30"), health_score=72) == []
    assert story.tick(on_day(31, "00:00")) == []  # on the day that has ended 8 points were lost
    assert story.tick(on_day(32, "00:00")) == ["resolved health_declining"]
    assert story.facts(on_day(32, "09:00"), health_score=63) == []


def test_a_decline_is_not_measured_before_a_change_of_day_nor_without_health() -> None:
    """Nothing recorded, then nothing present; health that was not known is no value of its day."""
    story = begin("health_declining", health_score=80)
    assert story.facts(on_day(0, "11:00"), health_score=10) == []
    assert story.facts(on_day(0, "12:00"), health_score=None) == []
    story.tick(on_day(1, "00:00"))
    assert story.facts(on_day(1), health_score=90) == []
    story.tick(on_day(2, "00:00"))
    assert story.facts(on_day(2), health_score=None) == []
    assert story.facts(on_day(2, "11:00"), health_score=80) == ["fired health_declining"]
    assert (story.told[-1].value, story.told[-1].threshold) == (10, 10)


def test_a_jump_over_several_midnights_records_each() -> None:
    """80 at six changes of day, of which the sixth is still within four days after three more."""
    story = begin("health_declining", health_score=80, changes={"rules.health_declining.days": 4})
    assert story.facts(on_day(6, "09:00"), health_score=75) == []
    assert story.facts(on_day(9), health_score=70) == ["fired health_declining"]


@pytest.mark.parametrize(("score", "fires"), [(84.99, False), (85, True)])
def test_thirty_changes_of_day_with_high_health_are_sustained(score: float, fires: bool) -> None:
    """The thirtieth is that of day 30."""
    story = begin("sustained_health", health_score=score)
    assert story.tick(on_day(29, "00:00")) == []
    assert story.tick(on_day(30, "00:00")) == (["fired sustained_health"] if fires else [])


def test_one_low_morning_begins_the_thirty_anew_and_a_low_noon_does_not() -> None:
    """84 at the change of day to day 5; health 0 between two changes of day is nothing; without health neither."""
    story = begin("sustained_health", health_score=84)
    story.tick(on_day(5, "00:00"))
    story.facts(on_day(5), health_score=90)
    story.facts(on_day(9, "09:00"), health_score=0)
    story.facts(on_day(9, "10:00"), health_score=90)
    assert story.tick(on_day(34, "00:00")) == []
    assert story.tick(on_day(35, "00:00")) == ["fired sustained_health"]
    story.facts(on_day(40, "09:00"), health_score=None)
    assert story.tick(on_day(41, "00:00")) == ["resolved sustained_health"]
    story.ready(on_day(41), health_score=90)
    assert story.tick(on_day(70, "00:00")) == []
    assert story.tick(on_day(71, "00:00")) == ["fired sustained_health"]


@pytest.mark.parametrize(("low", "ends"), [(80.01, False), (80, True)])
def test_sustained_health_is_over_at_eighty(low: float, ends: bool) -> None:
    """Five points below the threshold, at one change of day."""
    story = begin("sustained_health", health_score=90)
    assert story.tick(on_day(30, "00:00")) == ["fired sustained_health"]
    story.facts(on_day(30), health_score=low)
    assert story.tick(on_day(31, "00:00")) == (["resolved sustained_health"] if ends else [])


def test_a_restart_at_noon_knows_the_health_of_days_gone_by() -> None:
    """The window is in the pages."""
    story = begin("health_declining", "sustained_health", "competitor_mention", health_score=90)
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    story.tick(on_day(20, "00:00"))
    story.happens(on_day(20), "competitor.mentioned")
    for day in range(21, 30):
        subject.flush()
        assert subject.restart() == []
        story.tick(on_day(day, "00:00"))
    assert story.tick(on_day(30, "00:00")) == ["fired sustained_health"]
    assert story.facts(on_day(30), health_score=80) == ["fired health_declining"]


def an_account(today: int = FIRST) -> Account:
    """Return an account that has just been heard of."""
    head, days = new_account("acme", today)
    return Account(head, days, [Users()], RecentIds(3_600_000))


def test_health_beyond_sixty_four_bits_is_kept_exactly() -> None:
    """Numerator and denominator may be of any length: sums of several metrics divide one another."""
    account = an_account()
    exact = Fraction((1 << 70) + 1, 1 << 69)
    account.head.facts["health_score"] = (exact, 0, "app", "e")
    book = EngineSubject([playbook()]).engine.state.terms
    standing.record_health(account, book)
    assert account.days.standing.health[0][1] == (f"{(1 << 70) + 1:x}", f"{1 << 69:x}")
    assert [pair and Fraction(*pair) for pair in standing.recorded(account, 1)] == [exact]


def test_what_has_left_every_window_is_forgotten_but_for_the_health_carried_in() -> None:
    """Health that stood since before the oldest day still stands on it."""
    days = an_account().days.standing
    days.health = [(1, (80, 1)), (5, (70, 1)), (12, (60, 1))]
    days.acts, days.mentions = {4: 1, 10: 2}, {9: 1}
    days.requests = {"": {"sso": {3: 1}}, "insights": {"": {3: 1, 11: 1}, "sso": {2: 1}}}
    forget_days(days, 10)
    assert days.health == [(5, (70, 1)), (12, (60, 1))]
    assert (days.acts, days.mentions, days.requests) == ({10: 2}, {}, {"insights": {"": {11: 1}}})
