"""Use is looked at exactly when a rule may be reached: nobody looks below what is waited for."""

from typing import Any

from services.signals.core.activity import ACTIVITY
from shared.kernel.clock import DAY_MS
from shared.kernel.codec import decode_line
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

GROWTH = ["fired usage_velocity:api_calls@growth"]
SHORT: dict[str, object] = {
    "rules.usage_velocity.days": 3,
    "rules.usage_velocity.gap_days": 5,
    "rules.usage_velocity.floor": 10,
}


def begin(changes: dict[str, object] | None = None) -> tuple[EngineSubject, Story]:
    """Begin in January on the plan Starter with an open gate."""
    subject = EngineSubject([playbook(WIDE_OPEN | only("usage_velocity", "feature_gap") | SHORT | (changes or {}))])
    story = Story(subject)
    story.ready("2026-01-01 09:00", plan="Starter")
    return subject, story


def handled(subject: EngineSubject, line: bytes) -> bool:
    """Fold one activity by its handler; tell whether the rules would be looked at."""
    told: Any = decode_line(line)
    at_ms: int = told.occurred_at
    account = subject.engine.state.shelf.accounts["acme"]
    found = ACTIVITY[type(told)](account, told, at_ms, at_ms // DAY_MS, subject.engine.state.terms)
    assert isinstance(found, bool)
    return found


def test_use_below_what_is_waited_for_makes_nobody_look() -> None:
    """Quantities up to the room of both levels, sessions, and features of the plan; then one unit more does."""
    subject, story = begin({"rules.usage_velocity.floor": 100})
    for day, quantity in (("01", 100), ("04", 50), ("06", 50)):
        story.happens(f"2026-01-{day} 10:00", "usage.recorded", metric="api_calls", quantity=quantity)
    story.happens("2026-01-06 11:00", "feature.used", feature="reports")
    quiet = [
        story.line("2026-01-06 12:00", "usage.recorded", metric="api_calls", quantity=10),
        story.line("2026-01-06 12:00", "usage.recorded", metric="api_calls", quantity="29.5"),
        story.line("2026-01-06 12:00", "session.started"),
        story.line("2026-01-06 12:00", "feature.used", feature="reports"),
        story.line("2026-01-05 12:00", "session.started"),
    ]
    assert [handled(subject, line) for line in quiet] == [False] * len(quiet)
    assert handled(subject, story.line("2026-01-06 12:00", "usage.recorded", metric="api_calls", quantity="0.5"))


def test_late_use_of_the_month_before_takes_room_as_well() -> None:
    """The window began before the billing period: what is late by days counts towards the level, not the period."""
    subject, story = begin()
    story.happens("2026-01-27 10:00", "usage.recorded", metric="api_calls", quantity=100)
    story.happens("2026-02-01 10:00", "usage.recorded", metric="api_calls", quantity=1)
    assert not handled(subject, story.line("2026-01-30 10:00", "usage.recorded", metric="api_calls", quantity=130))
    assert not handled(subject, story.line("2026-01-31 10:00", "usage.recorded", metric="api_calls", quantity=8))
    assert handled(subject, story.line("2026-01-31 11:00", "usage.recorded", metric="api_calls", quantity=1))


def test_the_months_of_a_rule_that_has_fired_wait_for_the_next_level_only() -> None:
    """Growth is open: use waits for tenfold, or for nothing when that has no window yet."""
    subject, story = begin()
    story.happens("2026-01-05 10:00", "usage.recorded", metric="api_calls", quantity=100)
    assert story.happens("2026-01-10 10:00", "usage.recorded", metric="api_calls", quantity=140) == GROWTH
    assert not handled(subject, story.line("2026-01-10 11:00", "usage.recorded", metric="api_calls", quantity=5_000))
