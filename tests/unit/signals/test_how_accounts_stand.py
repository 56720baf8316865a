"""Tickets, mentions and milestones: each rule at its boundaries, and what evidence says."""

from typing import Any

import pytest

from shared.kernel.clock import iso_day
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.support.signals.standing import FIRST, begin, on_day, shown


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
