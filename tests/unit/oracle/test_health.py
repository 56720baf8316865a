"""Definitions 26 and 27: health, each component by its formula."""

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.story import Story


def begin(tell: Tell, **facts: object) -> Story:
    """Begin on 2026-05-01 with an SMB account."""
    story = tell(gate=True)
    story.facts("2026-05-01 09:00", segment="smb", **facts)
    return story


def test_26_without_any_data_there_is_no_health(tell: Tell) -> None:
    """No component, no score; the criterion is unknown."""
    known = begin(tell).explain()
    assert known.health is None
    assert known.components == {}
    assert known.met["health_score"] is None


def test_26_usage_with_only_the_active_half_is_scaled_from_it(tell: Tell) -> None:
    """Four of ten seats active: 0.4 / 0.8 = 50; eight of ten and more: 100."""
    story = begin(tell, seats=10)
    story.active("2026-05-02 10:00", "a", "b", "c", "d")
    assert story.explain().components == {"usage": 50}
    story.active("2026-05-02 11:00", *"efghi")
    assert story.explain().components == {"usage": 100}


@pytest.mark.parametrize(("now", "points"), [(80, 0), (100, 50), (120, 100), (500, 100), (10, 0)])
def test_26_usage_with_only_the_trend_is_scaled_from_it(tell: Tell, now: int, points: int) -> None:
    """(now / before - 0.8) / 0.4, clamped: 30 days to May 31 against April 2 to May 1."""
    story = begin(tell)
    story.happens("2026-05-01 10:00", "usage.recorded", metric="m", quantity=100)
    story.happens("2026-05-31 10:00", "usage.recorded", metric="m", quantity=now)
    assert story.explain().components == {"usage": points}


def test_26_the_trend_is_the_mean_over_metrics_with_an_earlier_window(tell: Tell) -> None:
    """Ratios 1.4 and 0.8, and a new metric that has none: mean 1.1 -> 75."""
    story = begin(tell)
    for metric, before, now in (("m", 100, 140), ("n", 10, 8), ("new", 0, 50)):
        story.happens("2026-05-01 10:00", "usage.recorded", metric=metric, quantity=before)
        story.happens("2026-05-31 10:00", "usage.recorded", metric=metric, quantity=now)
    assert story.explain().components == {"usage": 75}


def test_26_both_halves_weigh_70_and_30(tell: Tell) -> None:
    """Half of the full active share and a level trend: 35 + 15."""
    story = begin(tell, seats=10)
    story.happens("2026-05-01 10:00", "usage.recorded", metric="m", quantity=100)
    story.happens("2026-05-31 10:00", "usage.recorded", metric="m", quantity=100)
    story.active("2026-05-31 10:00", "a", "b", "c", "d")
    assert story.explain().components == {"usage": 50}


def test_26_engagement_has_no_data_before_its_first_event_and_falls_to_zero_after(tell: Tell) -> None:
    """A QBR 60 for 120 days, any engagement 40 for 45."""
    story = begin(tell)
    story.happens("2026-05-02 10:00", "qbr.held")
    assert story.explain().components == {"engagement": 60}
    story.happens("2026-05-02 10:00", "engagement.recorded", kind="webinar")
    assert story.explain().components == {"engagement": 100}
    story.tick("2026-06-16 00:00")
    assert story.explain().components == {"engagement": 60}
    story.tick("2026-08-30 00:00")
    assert story.explain().components == {"engagement": 0}


def test_26_support_loses_for_grave_open_tickets_and_for_more_tickets(tell: Tell) -> None:
    """Two opened (one high): 100 - 15 - 20; resolved: 80; thirty days on, fewer than before: 100."""
    story = begin(tell)
    story.happens("2026-05-02 10:00", "ticket.opened", ticket_id="t1", severity="high")
    story.happens("2026-05-02 10:00", "ticket.opened", ticket_id="t2")
    assert story.explain().components == {"support": 65}
    story.happens("2026-05-02 11:00", "ticket.resolved", ticket_id="t1")
    assert story.explain().components == {"support": 80}
    story.tick("2026-06-01 00:00")
    assert story.explain().components == {"support": 100}


def test_26_a_ticket_is_open_by_the_latest_of_its_events_whatever_their_arrival(tell: Tell) -> None:
    """Resolved at 12:00 arrives before opened at 10:00; reopened at 13:00 counts again."""
    story = begin(tell)
    story.happens("2026-05-02 12:00", "ticket.resolved", ticket_id="t1")
    story.happens("2026-05-02 10:00", "ticket.opened", ticket_id="t1", severity="urgent")
    assert story.explain().components == {"support": 90}
    story.happens("2026-05-02 13:00", "ticket.opened", ticket_id="t1", severity="urgent")
    assert story.explain().components == {"support": 65}
    story.happens("2026-05-02 12:30", "ticket.opened", ticket_id="t1", severity="low")
    assert story.explain().components == {"support": 55}
    story.happens("2026-05-02 11:00", "ticket.resolved", ticket_id="t1")
    assert story.explain().components == {"support": 55}


def test_26_support_never_falls_below_zero(tell: Tell) -> None:
    """Eleven new tickets lose 110 points."""
    story = begin(tell)
    for number in range(11):
        story.happens("2026-05-02 10:00", "ticket.opened", ticket_id=f"t{number}")
    assert story.explain().components == {"support": 0}


def test_26_outcomes_are_the_share_of_due_milestones(tell: Tell) -> None:
    """SMB: first_dashboard is due on day 7, first_report on day 21; due = the due day reached.

    ::

        day 6   nothing due         no data
        day 7   0 of 1              0
                first_dashboard     100
        day 21  1 of 2              50
                primary outcome     70
    """
    story = begin(tell, onboarded_at="2026-05-01")
    story.tick("2026-05-07 00:00")
    assert story.explain().components == {}
    story.tick("2026-05-08 00:00")
    assert story.explain().components == {"outcomes": 0}
    for _ in range(2):
        story.happens("2026-05-08 10:00", "milestone.reached", milestone="first_dashboard")
        assert story.explain().components == {"outcomes": 100}
    story.tick("2026-05-22 00:00")
    assert story.explain().components == {"outcomes": 50}
    story.happens("2026-05-22 10:00", "outcome.achieved", outcome="saved", primary=True)
    assert story.explain().components == {"outcomes": 70}


def test_26_stakeholders_lose_a_champion_for_90_days_and_a_missing_sponsor(tell: Tell) -> None:
    """Promoted: no loss, no sponsor: 70; left: 20; a sponsor is named: 50; 90 days later: 100."""
    story = begin(tell)
    story.happens("2026-05-02 10:00", "champion.changed", change="promoted")
    assert story.explain().components == {"stakeholders": 70}
    story.happens("2026-05-03 10:00", "champion.changed", change="left")
    assert story.explain().components == {"stakeholders": 20}
    story.facts("2026-05-03 11:00", exec_sponsor="Ada")
    assert story.explain().components == {"stakeholders": 50}
    story.tick("2026-07-31 00:00")
    assert story.explain().components == {"stakeholders": 50}
    story.tick("2026-08-01 00:00")
    assert story.explain().components == {"stakeholders": 100}


def test_26_a_stakeholder_makes_stakeholders_known_but_no_sponsor(tell: Tell) -> None:
    """The account's own fact names the sponsor; null says that there is none."""
    story = begin(tell)
    story.happens("2026-05-02 10:00", "stakeholder.added", role="executive")
    assert story.explain().components == {"stakeholders": 70}
    story = begin(tell, exec_sponsor=None)
    assert story.explain().components == {"stakeholders": 70}
    story = begin(tell, champion="Bob", exec_sponsor=True)
    assert story.explain().components == {"stakeholders": 100}


def test_26_components_without_data_are_left_out_and_the_others_scaled_up(tell: Tell) -> None:
    """Engagement 60 and sentiment 90, 15 each: 75 exactly, which meets SMB's 75."""
    story = begin(tell)
    story.happens("2026-05-02 10:00", "qbr.held")
    story.happens("2026-05-02 10:00", "survey.answered", survey="nps", score=9)
    known = story.explain()
    assert known.components == {"engagement": 60, "sentiment": 90}
    assert known.health == 75
    assert known.met["health_score"] is True


@pytest.mark.parametrize(("given", "score"), [(42, 42), (101, 100), (-3, 0), (74.99, 74.99)])
def test_27_the_accounts_own_score_overrides_clamped(tell: Tell, given: float, score: float) -> None:
    """It stands until replaced; null gives back the formula."""
    story = begin(tell, health_score=given)
    story.happens("2026-05-02 10:00", "qbr.held")
    known = story.explain()
    assert (known.health, known.overridden) == (score, True)
    assert known.met["health_score"] is (score >= 75)
    story.facts("2026-05-02 11:00", health_score=None)
    known = story.explain()
    assert (known.health, known.overridden) == (60, False)
