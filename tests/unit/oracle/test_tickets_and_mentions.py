"""Definitions 17, 24, 54, 60: more tickets than before, and a competitor's name in any event."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

asking = partial(begin_with, changes=only("ticket_surge"))
mentioning = partial(begin_with, changes=only("competitor_mention"))
SURGE, MENTION = ["fired ticket_surge"], ["fired competitor_mention"]


def tickets(story: Story, when: str, number: int, ticket: str = "t") -> list[str]:
    """Open some tickets, all in one record."""
    return story.fold(*(story.line(when, "ticket.opened", ticket_id=f"{ticket}{n}") for n in range(number)))


def test_54_three_after_none_are_a_surge(tell: Tell) -> None:
    """None before counts as one."""
    story = asking(tell)
    assert tickets(story, "2026-01-02 10:00", 2) == []
    assert tickets(story, "2026-01-03 10:00", 1) == SURGE
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.scope) == (300, 200, ">=", None)


@pytest.mark.parametrize(("before", "now", "fires"), [(1, 2, False), (2, 3, False), (2, 4, True), (3, 5, False)])
def test_54_twice_as_many_as_in_the_days_before(tell: Tell, before: int, now: int, *, fires: bool) -> None:
    """Two after one are too few; three after two are 150 %; four after two are exactly twice."""
    story = asking(tell)
    story.tick("2026-03-05 00:00")
    tickets(story, "2026-02-01 10:00", before)
    assert tickets(story, "2026-03-05 10:00", now) == (SURGE if fires else [])


def test_54_a_reopened_ticket_counts_again(tell: Tell) -> None:
    """The same ticket thrice; its resolution changes nothing."""
    story = asking(tell)
    for _ in range(2):
        assert tickets(story, "2026-01-02 10:00", 1) == []
        assert story.happens("2026-01-02 11:00", "ticket.resolved", ticket_id="t0") == []
    assert tickets(story, "2026-01-02 12:00", 1) == SURGE


def test_54_the_passing_of_a_day_may_fire_it(tell: Tell) -> None:
    """Two of the earlier window leave it: three after two become three after none.

    ::

        Dec 5       2 tickets
        Jan 10      3 tickets
        Feb 2       windows Jan 4 .. Feb 2 and Dec 5 .. Jan 3: 150 %
        Feb 3       the two have left                            fired
    """
    story = asking(tell)
    tickets(story, "2025-12-05 10:00", 2)
    assert tickets(story, "2026-01-10 10:00", 3) == []
    assert story.tick("2026-02-02 00:00") == []
    assert story.tick("2026-02-03 00:00") == SURGE
    assert story.told[-1].decided_by == "day/2026-02-03"


def test_54_it_ends_at_195_percent_or_below_three(tell: Tell) -> None:
    """Forty after twenty: twice; a late ticket joins the twenty: 190.5 %, over at midnight."""
    story = asking(tell)
    story.tick("2026-03-05 00:00")
    tickets(story, "2026-02-01 10:00", 20)
    assert tickets(story, "2026-03-05 10:00", 40) == SURGE
    assert tickets(story, "2026-02-02 10:00", 1, "late") == []
    assert story.tick("2026-03-06 00:00") == ["resolved ticket_surge"]
    story = asking(tell)
    assert tickets(story, "2026-01-02 10:00", 3) == SURGE
    assert story.tick("2026-02-01 00:00") == []
    assert story.tick("2026-02-02 00:00") == ["resolved ticket_surge"]


def test_24_tickets_are_compared_though_the_account_is_new(tell: Tell) -> None:
    """Born today: no earlier window is asked for."""
    story = tell(only("ticket_surge"))
    assert tickets(story, "2026-01-02 10:00", 3) == SURGE


def test_60_a_mention_of_its_own_fires_and_stands_30_days(tell: Tell) -> None:
    """Of January 2: in the window of the 31st, over when February 2 begins (the day that ended has none)."""
    story = mentioning(tell)
    assert story.happens("2026-01-02 10:00", "competitor.mentioned", where="call") == MENTION
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.scope) == (1, 1, ">=", None)
    assert story.tick("2026-02-01 00:00") == []
    assert story.tick("2026-02-02 00:00") == ["resolved competitor_mention"]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("session.started", {}),
        ("feature.used", {"feature": "reports"}),
        ("feature.blocked", {"feature": "sso"}),
        ("usage.recorded", {"metric": "m", "quantity": 1}),
        ("usage.reported", {"metric": "m", "level": 1}),
        ("limit.reached", {"metric": "m"}),
        ("ticket.opened", {"ticket_id": "t"}),
        ("ticket.resolved", {"ticket_id": "t"}),
        ("survey.answered", {"survey": "nps", "score": 9}),
        ("qbr.held", {}),
        ("outcome.achieved", {"outcome": "o"}),
        ("milestone.reached", {"milestone": "m"}),
        ("champion.changed", {"change": "promoted"}),
        ("stakeholder.added", {"role": "user"}),
        ("engagement.recorded", {"kind": "reply"}),
        ("capability.requested", {}),
        ("pricing.viewed", {}),
        ("company.news", {"news": "funding"}),
        ("renewal.completed", {}),
        ("subscription.set", {"subscription_id": "s", "mrr": 1, "currency": "USD"}),
        ("effort.logged", {"hours": 1, "cost": 1}),
        ("user.provisioned", {}),
        ("user.deactivated", {}),
        ("user.erased", {}),
        ("account.updated", {}),
    ],
)
@pytest.mark.parametrize("user", [None, "ada"])
def test_60_any_event_may_mention_a_competitor(
    tell: Tell, kind: str, properties: dict[str, object], user: str | None
) -> None:
    """With `mentions_competitor: true`, whoever sent it; false is no mention."""
    story = mentioning(tell)
    assert story.happens("2026-01-02 10:00", kind, user=user, **properties, mentions_competitor=False) == []
    assert story.happens("2026-01-02 10:00", kind, user=user, **properties, mentions_competitor=True) == MENTION


def test_60_each_event_is_one_mention(tell: Tell) -> None:
    """A mention that also says so is one; a further mention is evidence and no new episode."""
    story = begin_with(tell, only("competitor_mention") | {"rules.competitor_mention.mentions": 2})
    assert story.happens("2026-01-02 10:00", "competitor.mentioned", mentions_competitor=True) == []
    assert story.happens("2026-01-02 11:00", "ticket.opened", ticket_id="t", mentions_competitor=True) == MENTION
    assert story.happens("2026-01-02 12:00", "competitor.mentioned") == []
    assert story.told[-1].value == 2


def test_60_a_late_mention_counts_in_todays_value(tell: Tell) -> None:
    """One of January 2 that arrives on the 31st fires; on February 1 it is out of the window."""
    story = mentioning(tell)
    story.tick("2026-01-31 00:00")
    assert story.happens("2026-01-02 10:00", "competitor.mentioned") == MENTION
    story = mentioning(tell)
    story.tick("2026-02-01 00:00")
    assert story.happens("2026-01-02 10:00", "competitor.mentioned") == []


def test_67_what_an_erased_person_said_of_a_competitor_stays(tell: Tell) -> None:
    """It names nobody."""
    story = mentioning(tell)
    assert story.happens("2026-01-02 10:00", "session.started", user="ada", mentions_competitor=True) == MENTION
    story.happens("2026-01-02 11:00", "user.erased", user="ada")
    assert story.tick("2026-01-03 00:00") == []


@pytest.mark.parametrize(
    ("before", "now", "trend"),
    [(0, 0, "declining"), (3, 2, "declining"), (10, 10, "stable"), (10, 11, "stable"), (10, 12, "growing")],
)
def test_17_the_trend_of_the_gate_needs_no_floor(tell: Tell, before: int, now: int, trend: str) -> None:
    """Mid-Market asks for declining: the same events as of a surge, read by definition 17."""
    story = tell(only(), gate=True)
    story.facts("2026-01-01 09:00", segment="Mid-Market")
    story.tick("2026-03-05 00:00")
    tickets(story, "2026-02-01 10:00", before)
    tickets(story, "2026-03-05 10:00", now)
    story.active("2026-03-05 11:00", "u")
    assert story.explain().met["ticket_trend"] is (trend == "declining")
    story.facts("2026-03-05 12:00", segment="SMB")
    assert story.explain().met["ticket_trend"] is (trend != "growing")
