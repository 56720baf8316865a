"""What the rules about how an account stands say: word by word what their pages give as an example."""

import pytest

from services.signals.core.rules import BY_NAME
from services.signals.core.snapshot import explain
from shared.kernel.snapshots import LogPosition
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, only, playbook

RULES = (
    "ticket_surge",
    "competitor_mention",
    "health_declining",
    "health_critical",
    "sustained_health",
    "milestone_missed",
    "cross_sell_fit",
)


def tickets(story: Story, when: str, number: int, severity: str = "normal") -> None:
    """Open tickets."""
    ids = [f"{when} {n}" for n in range(number)]
    story.fold(*(story.line(when, "ticket.opened", ticket_id=one, severity=severity) for one in ids))


def surge(story: Story) -> None:
    """Let four tickets be followed by twelve."""
    tickets(story, "2026-03-02 10:00", 4)
    tickets(story, "2026-04-01 10:00", 12)


def mention(story: Story) -> None:
    """Let a competitor be mentioned in a call, and in the CRM the day after."""
    story.happens("2026-03-11 10:00", "competitor.mentioned", where="call")
    story.happens("2026-03-12 10:00", "competitor.mentioned")


def decline(story: Story) -> None:
    """Let health fall from where it stood."""
    story.facts("2026-03-01 10:00", health_score=78)
    story.tick("2026-03-02 00:00")
    story.facts("2026-03-02 10:00", health_score=61)


def sicken(story: Story) -> None:
    """Let few of the seats be used, and a ticket be open."""
    story.active("2026-03-01 10:00", *"abcd")
    story.facts("2026-03-01 11:00", seats=20)
    tickets(story, "2026-03-01 12:00", 1, "high")


def flourish(story: Story) -> None:
    """Let a month go by in good health."""
    story.facts("2026-03-01 10:00", health_score=88)
    story.tick("2026-03-31 00:00")


def forget(story: Story) -> None:
    """Let the days of both milestones go by."""
    story.facts("2026-03-01 10:00", onboarded_at="2026-03-01")
    story.tick("2026-03-23 00:00")


def fit(story: Story) -> None:
    """Let somebody ask for a product that would fit, while all use what they have."""
    story.facts("2026-03-01 10:00", industry="SaaS", products=["Core"], champion="Carl", budget_month=4, seats=2)
    story.fold(control("quintiles", "2026-03-01 11:00", playbook_version="v", segments={"smb": [0, 1, 2, 3]}))
    story.active("2026-03-01 12:00", *"abcda")
    story.happens("2026-03-01 13:00", "capability.requested", feature="forecasting")


LIVES = dict(zip(RULES, (surge, mention, decline, sicken, flourish, forget, fit), strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_a_page_shows_what_evidence_says(rule: str) -> None:
    """The snapshot tells it as the trigger does."""
    subject = EngineSubject([playbook(WIDE_OPEN | only(rule))])
    story = Story(subject)
    story.ready("2026-03-01 09:00")
    LIVES[rule](story)
    state = subject.engine.state
    known = explain(state.accounts["acme"], state.terms, LogPosition("epoch", 0, 1), 1, backfill=False)
    shown = [one for one in known.rules if one.rule == rule and one.state == "fired"]
    assert [one.evidence.summary for one in shown] == [BY_NAME[rule].example]


def test_health_that_somebody_gave_has_no_weakest_component() -> None:
    """The components say nothing of it."""
    subject = EngineSubject([playbook(WIDE_OPEN | only("health_critical"))])
    story = Story(subject)
    story.ready("2026-03-01 09:00", seats=10, health_score=12)
    (row,) = [one for one in subject.snapshots["acme"].rules if one.rule == "health_critical"]
    assert row.evidence.summary == "health 12 (< 50)"
    assert row.evidence.numbers == {"health": 12, "usage": 0}


def told(subject: EngineSubject, rule: str) -> str:
    """Return what the snapshot says of a rule's one value."""
    state = subject.engine.state
    known = explain(state.accounts["acme"], state.terms, LogPosition("epoch", 0, 1), 1, backfill=False)
    (row,) = [one for one in known.rules if one.rule == rule]
    return row.evidence.summary


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (61, "health 61 is 17 points below its highest of 30 days, 78 (≥ 10)"),
        (78, "health 78 is at its highest of 30 days, 78 (≥ 10)"),
        (92.5, "health 92.5 is 14.5 points above its highest of 30 days, 78 (≥ 10)"),
    ],
)
def test_health_that_has_risen_is_not_told_as_a_fall(health: float, said: str) -> None:
    """The highest is one that a change of day has seen, so health may stand above it."""
    subject = EngineSubject([playbook(WIDE_OPEN | only("health_declining"))])
    story = Story(subject)
    story.ready("2026-03-01 09:00", health_score=78)
    story.tick("2026-03-02 00:00")
    story.facts("2026-03-02 10:00", health_score=health)
    assert told(subject, "health_declining") == said


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        (13, "13 sessions in 14 days after 20 in those before, a drop = 35 % (> 30 %)"),
        (21, "21 sessions in 14 days after 20 in those before, no drop = 0 % (> 30 %)"),
    ],
)
def test_sessions_that_rose_are_no_drop(sessions: int, said: str) -> None:
    """The value is 0, and is told as what it is."""
    subject = EngineSubject([playbook(WIDE_OPEN | only("login_decline"))])
    story = Story(subject)
    story.ready("2026-02-01 09:00")
    story.active("2026-02-10 10:00", *"a" * 20)
    story.active("2026-02-24 10:00", *"a" * sessions)
    story.tick("2026-03-02 00:00")
    assert told(subject, "login_decline") == said


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        (7_500, "7,500 api_calls in 90 days after 10,000 in those before, a drop = 25 % (> 20 %)"),
        (10_000, "10,000 api_calls in 90 days after 10,000 in those before, no drop = 0 % (> 20 %)"),
    ],
)
def test_use_that_held_is_no_drop(quantity: int, said: str) -> None:
    """As with sessions."""
    subject = EngineSubject([playbook(WIDE_OPEN | only("usage_decline"))])
    story = Story(subject)
    story.ready("2026-01-01 09:00")
    story.happens("2026-01-01 10:00", "usage.recorded", metric="api_calls", quantity=10_000)
    story.happens("2026-04-01 10:00", "usage.recorded", metric="api_calls", quantity=quantity)
    story.tick("2026-06-30 00:00")
    assert told(subject, "usage_decline") == said


def test_triggers_of_too_few_categories_are_told_to_count_as_none() -> None:
    """Else "3 to go" beside one that stands could not be understood."""
    subject = EngineSubject(
        [playbook(WIDE_OPEN | only("compound", "competitor_mention", "feature_gap", "qbr_outcome"))]
    )
    story = Story(subject)
    story.ready("2026-03-01 09:00", plan="Starter")
    assert told(subject, "compound") == "0 expansion triggers of 0 categories within 30 days (≥ 3)"
    story.happens("2026-03-02 10:00", "qbr.held", unmet_needs=["Custom roles"])
    assert told(subject, "compound") == (
        "1 expansion trigger of 1 category within 30 days (qbr_outcome), "
        "none of which counts: they must be of 2 categories (≥ 3)"
    )
