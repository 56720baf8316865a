"""Tickets, mentions, health by day and milestones: each rule at its boundaries, and what evidence says."""

from fractions import Fraction
from typing import Any

import pytest

from services.signals.core import standing
from services.signals.core.account import Account, new_account
from services.signals.core.pages import NO_STAMP, SCHEMA_VERSION
from services.signals.core.recent import RecentIds
from services.signals.core.standing_state import forget_days
from services.signals.core.state import UserPage
from shared.kernel.clock import iso_day
from shared.kernel.snapshots import RuleValue
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

FIRST = 20_514  # 2026-03-02


def on_day(number: int, clock: str = "10:00") -> str:
    """Return an instant of a day counted from 2026-03-02, which is day 0."""
    return f"{iso_day(FIRST + number)} {clock}"


def begin(*rules: str, changes: dict[str, object] | None = None, **facts: object) -> Story:
    """Begin a story under an open gate that only some rules judge."""
    story = Story(EngineSubject([playbook(WIDE_OPEN | only(*rules) | (changes or {}))]))
    story.ready(on_day(0, "09:00"), **facts)
    return story


def shown(story: Story, rule: str) -> RuleValue:
    """Return what a restarted worker's snapshot shows of a rule."""
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    subject.flush()
    assert subject.restart() == []
    story.happens(on_day(story.lines + 400, "00:00"), "effort.logged", hours=1, cost=1)
    (row,) = [row for row in subject.snapshots["acme"].rules if row.rule == rule]
    return row


def tickets(story: Story, day: int, number: int) -> list[str]:
    """Open tickets on a day, in a record of their own."""
    lines = [story.line(on_day(day), "ticket.opened", ticket_id=f"t{story.lines}-{n}") for n in range(number)]
    return story.fold(*lines)


@pytest.mark.parametrize(("before", "now", "fires"), [(2, 3, False), (2, 4, True), (0, 2, False), (0, 3, True)])
def test_twice_the_tickets_and_three_at_least_are_a_surge(before: int, now: int, fires: bool) -> None:
    """Of 30 days against the 30 before; none before counts as one."""
    story = begin("ticket_surge")
    tickets(story, 1, before)
    assert tickets(story, 31, now) == (["fired ticket_surge"] if fires else [])


def test_a_surge_is_over_below_195_percent_or_with_too_few_tickets() -> None:
    """4 after 2 stand; 3 on the next day, when one of the earlier has left both windows, are 150 % at its end."""
    story = begin("ticket_surge")
    tickets(story, 1, 2)
    assert tickets(story, 31, 4) == ["fired ticket_surge"]
    assert (story.told[-1].value, story.told[-1].threshold) == (200, 200)
    assert story.tick(on_day(32, "00:00")) == []
    tickets(story, 20, 1)  # late, and in the window that ends today
    assert tickets(story, 2, 2) == []  # late, and in the one before: 5 after 4
    assert story.tick(on_day(33, "00:00")) == ["resolved ticket_surge"]


def test_the_passing_of_a_day_may_make_a_surge() -> None:
    """3 after 2, until the two lie before both windows."""
    story = begin("ticket_surge")
    tickets(story, 1, 2)
    assert tickets(story, 59, 3) == []
    assert story.tick(on_day(60, "00:00")) == []
    assert story.tick(on_day(61, "00:00")) == ["fired ticket_surge"]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("competitor.mentioned", {"where": "call"}),
        ("competitor.mentioned", {"mentions_competitor": True}),
        ("ticket.opened", {"ticket_id": "t", "mentions_competitor": True}),
        ("usage.recorded", {"metric": "api_calls", "quantity": 1, "mentions_competitor": True}),
        ("feature.used", {"feature": "dashboards", "mentions_competitor": True}),
        ("session.started", {"mentions_competitor": True}),
        ("effort.logged", {"hours": 1, "cost": 1, "mentions_competitor": True}),
        ("account.updated", {"mentions_competitor": True}),
    ],
)
def test_a_mention_on_any_event_fires_and_is_over_when_it_is_thirty_days_old(
    kind: str, properties: dict[str, Any]
) -> None:
    """On day 3; the day after its last day in the window is day 33, at whose end nothing is left."""
    story = begin("competitor_mention")
    assert story.happens(on_day(3), kind, **properties) == ["fired competitor_mention"]
    assert story.told[-1].value == 1
    assert story.tick(on_day(33, "00:00")) == []
    assert story.tick(on_day(34, "00:00")) == ["resolved competitor_mention"]
    assert story.told[-1].value == 0


def test_two_mentions_at_a_threshold_of_two_and_late_ones_only_while_they_are_in_the_window() -> None:
    """The second one lies 30 days back when it comes, then 29."""
    story = begin("competitor_mention", changes={"rules.competitor_mention.mentions": 2})
    assert story.happens(on_day(40), "competitor.mentioned") == []
    assert story.happens(on_day(10), "competitor.mentioned") == []
    assert story.happens(on_day(11), "competitor.mentioned") == ["fired competitor_mention"]


def test_mentions_are_told_with_the_day_of_the_latest() -> None:
    """Of a rule that fires, and of one that does not."""
    story = begin("competitor_mention")
    assert shown(story, "competitor_mention").evidence.summary == "0 mentions of a competitor in 30 days (≥ 1)"
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    story.happens(on_day(500), "competitor.mentioned")
    (row,) = [row for row in subject.snapshots["acme"].rules if row.rule == "competitor_mention"]
    latest = iso_day(FIRST + 500)
    assert row.evidence.summary == f"1 mention of a competitor in 30 days, the latest on {latest} (≥ 1)"


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


def test_what_new_terms_made_critical_fires_once_it_has_recovered_and_fallen_again() -> None:
    """The trend is 150 %, full marks; by the new terms, whose trend begins at 200 %, none.

    Parked at the record of the new playbook, recovered by use, fallen again by late use: that fires at once.
    """
    usual: dict[str, object] = WIDE_OPEN | only("health_critical")
    harder = {"version": "harder", "health.usage.trend_floor_percent": 200, "health.usage.trend_range_percent": 100}
    story = Story(EngineSubject([playbook(usual), playbook(usual | harder)]))
    story.ready(on_day(0, "09:00"))
    story.happens(on_day(40), "usage.recorded", metric="calls", quantity=150)
    story.happens(on_day(10), "usage.recorded", metric="calls", quantity=100)
    assert story.judge_by(on_day(40, "11:00"), playbook(usual | harder)) == []
    assert story.happens(on_day(40, "12:00"), "usage.recorded", metric="calls", quantity=10) == []
    assert story.happens(on_day(40, "13:00"), "usage.recorded", metric="calls", quantity=140) == []
    assert story.happens(on_day(9), "usage.recorded", metric="calls", quantity=900) == ["fired health_critical"]


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


def test_a_milestone_is_missed_on_the_first_day_after_its_due_day() -> None:
    """SMB: the first dashboard within 7 days, the first report within 21; each is named, one trigger for all."""
    story = begin("milestone_missed", onboarded_at=on_day(0))
    assert story.tick(on_day(7, "00:00")) == []
    assert story.tick(on_day(8, "00:00")) == ["fired milestone_missed"]
    assert story.told[-1].value == 1
    assert story.tick(on_day(22, "00:00")) == []
    row = shown(story, "milestone_missed")
    text = "past the due day since onboarding: first_dashboard, first_report (≥ 1)"
    assert (row.state, row.evidence.value, row.evidence.summary) == ("fired", 2, text)


def test_a_milestone_that_was_reached_is_not_missed_however_late() -> None:
    """The trigger is over when none is missed any more."""
    story = begin("milestone_missed", onboarded_at=on_day(0))
    story.happens(on_day(7), "milestone.reached", milestone="first_dashboard")
    assert story.tick(on_day(21, "00:00")) == []
    assert story.tick(on_day(22, "00:00")) == ["fired milestone_missed"]
    story.happens(on_day(22), "milestone.reached", milestone="first_report")
    assert story.tick(on_day(23, "00:00")) == ["resolved milestone_missed"]
    assert shown(story, "milestone_missed").evidence.summary == "no milestone is past its due day (≥ 1)"


@pytest.mark.parametrize("facts", [{}, {"onboarded_at": "2026-01-01", "segment": "nobody's"}])
def test_no_milestone_is_missed_without_a_day_of_onboarding_or_milestones(facts: dict[str, object]) -> None:
    """There is no value."""
    changes: dict[str, object] = {"milestones.smb": []} if facts else {}
    story = begin("milestone_missed", changes=changes, **facts)
    assert story.tick(on_day(200, "00:00")) == []
    assert shown(story, "milestone_missed").state == "unmeasured"


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
    return Account(head, days, [UserPage(SCHEMA_VERSION, NO_STAMP, {}, {})], RecentIds(3_600_000))


def test_health_beyond_sixty_four_bits_is_kept_exactly() -> None:
    """Numerator and denominator may be of any length: sums of several metrics divide one another."""
    account = an_account()
    exact = Fraction((1 << 70) + 1, 1 << 69)
    account.head.facts["health_score"] = (exact, 0, "app", "e")
    book = EngineSubject([playbook()]).engine.state.terms
    standing.record_health(account, book)
    assert account.days.standing.health[0][1] == (f"{(1 << 70) + 1:x}", f"{1 << 69:x}")
    assert list(standing.recorded_health(account, 1)) == [exact]


def test_what_has_left_every_window_is_forgotten_but_for_the_health_carried_in() -> None:
    """Health that stood since before the oldest day still stands on it."""
    days = an_account().days.standing
    days.health = [(1, (80, 1)), (5, (70, 1)), (12, (60, 1))]
    days.acts, days.mentions = {4: 1, 10: 2}, {9: 1}
    days.requests = {"": {"sso": {3: 1}}, "insights": {"": {3: 1, 11: 1}, "sso": {2: 1}}}
    forget_days(days, 10)
    assert days.health == [(5, (70, 1)), (12, (60, 1))]
    assert (days.acts, days.mentions, days.requests) == ({10: 2}, {}, {"insights": {"": {11: 1}}})
