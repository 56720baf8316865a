"""The values of the rules about tickets, competitors, health and milestones, each straight from its definition.

Shape: `recorded` is what health was when each day began, by day; None where there was none (see `Account`).

Where the definitions leave a choice, by the number of the entry:

- 36, 55, 56: health is recorded at every change of day of an account, churned or not, right after the day has turned,
  with the terms then in force, and never reworked; none is recorded as none. Nothing is recorded at birth.
- 54: of none before counts as of one; fewer tickets than the rule asks are no value.
- 55: today's own recorded value is one of the window's. A rise makes the value negative.
- 57: without onboarding nothing is missed.
- 60: each event counts once, whatever it says; nobody needs to have sent it.

Source: playbook section 7, definitions 4, 36, 54 to 57, 60.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from shared.kernel.events.competitor_mentioned import CompetitorMentioned
from shared.kernel.events.envelope import Event
from shared.kernel.events.milestone_reached import MilestoneReached
from shared.kernel.events.ticket_opened import TicketOpened
from shared.kernel.playbook.document import Playbook
from tests.oracle.health import health
from tests.oracle.history import Facts, History
from tests.oracle.people import counted
from tests.oracle.value import Level, Value

Recorded = Mapping[int, Fraction | None]


def ticket_surge(history: History, playbook: Playbook, today: int) -> Iterator[Value]:
    """Measure the tickets of the window as a percentage of those of the one before (definition 54)."""
    rule = playbook.rules.ticket_surge
    now = len(history.within(today - rule.days + 1, today, TicketOpened))
    before = len(history.within(today - 2 * rule.days + 1, today - rule.days, TicketOpened))
    if now >= rule.tickets:
        level = Level(None, Fraction(rule.percent), ">=", Fraction(rule.margin_points))
        yield Value("ticket_surge", None, Fraction(100 * now, max(1, before)), (level,))


def competitor_mention(history: History, playbook: Playbook, today: int) -> Iterator[Value]:
    """Count the events that mention a competitor (definition 60)."""
    rule = playbook.rules.competitor_mention
    mentions = [event for event in history.within(today - rule.days + 1, today, Event) if mentions_competitor(event)]
    yield Value("competitor_mention", None, Fraction(len(mentions)), (counted(rule, rule.mentions),))


def mentions_competitor(event: Event) -> bool:
    """Return whether an event speaks of a competitor, by its type or by what it carries."""
    properties: object = getattr(event, "properties", None)
    return isinstance(event, CompetitorMentioned) or getattr(properties, "mentions_competitor", False) is True


def health_declining(
    history: History, playbook: Playbook, today: int, segment: str, recorded: Recorded
) -> Iterator[Value]:
    """Measure how far health is below the highest of the days that have begun in the window (definition 55)."""
    rule = playbook.rules.health_declining
    present = health(history, segment, playbook, today).score
    days = range(today - rule.days + 1, today + 1)
    known = [score for score in map(recorded.get, days) if score is not None]
    if present is not None and known:
        level = Level(None, Fraction(rule.drop_points), ">=", Fraction(rule.margin_points))
        yield Value("health_declining", None, max(known) - present, (level,))


def health_critical(history: History, playbook: Playbook, today: int, segment: str) -> Iterator[Value]:
    """Measure health against the critical line."""
    present = health(history, segment, playbook, today).score
    if present is not None:
        margin = Fraction(playbook.rules.health_critical.margin_points)
        level = Level(None, Fraction(playbook.health.critical), "<", margin)
        yield Value("health_critical", None, present, (level,))


def sustained_health(playbook: Playbook, begins: int, recorded: Recorded) -> Iterator[Value]:
    """Return the lowest health of the last days that began, the present one included (definition 56)."""
    rule = playbook.rules.sustained_health
    scores = [recorded.get(day) for day in range(begins - rule.days + 1, begins + 1)]
    known = [score for score in scores if score is not None]
    if len(known) == rule.days:
        level = Level(None, Fraction(rule.health_score), ">=", Fraction(rule.margin_points))
        yield Value("sustained_health", None, min(known), (level,))


def milestone_missed(history: History, facts: Facts, playbook: Playbook, begins: int, segment: str) -> Iterator[Value]:
    """Count the milestones that are past their due day and were never reached (definition 57)."""
    onboarded = facts.day("onboarded_at")
    if onboarded is None:
        return
    reached = {event.properties.milestone for event in history.of(MilestoneReached)}
    due = playbook.milestones.get(segment, ())
    missed = [row for row in due if begins - onboarded > row.due_days and row.name not in reached]
    level = Level(None, Fraction(1), ">=", Fraction(1))
    yield Value("milestone_missed", None, Fraction(len(missed)), (level,))
