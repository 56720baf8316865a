"""The values of the rules about tickets, competitors, health and milestones, each straight from its definition.

Where the definitions leave a choice, by the number of the entry:

- 36, 55, 56: health is recorded at every change of day of an account, churned or not, right after the day has turned,
  with the terms then in force, and never reworked; none is recorded as none. Nothing is recorded at birth.
- 54: of none before counts as of one; fewer tickets than the rule asks are no value.
- 55: today's own recorded value is one of the window's. A rise makes the value negative.
- 57: without onboarding nothing is missed.
- 60: each event counts once, whatever it says; nobody needs to have sent it.

Source: playbook section 7, definitions 4, 36, 54 to 57, 60.
"""

from collections.abc import Iterator
from fractions import Fraction

from shared.kernel.events.competitor_mentioned import CompetitorMentioned
from shared.kernel.events.envelope import Event
from shared.kernel.events.milestone_reached import MilestoneReached
from shared.kernel.events.ticket_opened import TicketOpened
from tests.oracle.rows import Row, View
from tests.oracle.value import Level, Value, counted, pointed


def ticket_surge(view: View) -> Iterator[Value]:
    """Measure the tickets of the window as a percentage of those of the one before (definition 54)."""
    rule, history, today = view.playbook.rules.ticket_surge, view.history, view.today
    now = len(history.within(today - rule.days + 1, today, TicketOpened))
    before = len(history.within(today - 2 * rule.days + 1, today - rule.days, TicketOpened))
    if now >= rule.tickets:
        yield Value("ticket_surge", None, Fraction(100 * now, max(1, before)), (pointed(rule, rule.percent),))


def competitor_mention(view: View) -> Iterator[Value]:
    """Count the events that mention a competitor (definition 60)."""
    rule = view.playbook.rules.competitor_mention
    events = view.history.within(view.today - rule.days + 1, view.today, Event)
    found = Fraction(sum(map(mentions_competitor, events)))
    yield Value("competitor_mention", None, found, (counted(rule, rule.mentions),))


def mentions_competitor(event: Event) -> bool:
    """Return whether an event speaks of a competitor, by its type or by what it carries."""
    properties: object = getattr(event, "properties", None)
    return isinstance(event, CompetitorMentioned) or getattr(properties, "mentions_competitor", False) is True


def health_declining(view: View) -> Iterator[Value]:
    """Measure how far health is below the highest of the days that have begun in the window (definition 55)."""
    rule = view.playbook.rules.health_declining
    days = range(view.today - rule.days + 1, view.today + 1)
    known = [score for score in map(view.past.health.get, days) if score is not None]
    if view.score is not None and known:
        yield Value("health_declining", None, max(known) - view.score, (pointed(rule, rule.drop_points),))


def health_critical(view: View) -> Iterator[Value]:
    """Measure health against the critical line, which stands with health."""
    if view.score is not None:
        level = pointed(view.playbook.rules.health_critical, view.playbook.health.critical, "<")
        yield Value("health_critical", None, view.score, (level,))


def sustained_health(view: View) -> Iterator[Value]:
    """Return the lowest health of the last days that began, the present one included (definition 56)."""
    rule, begins = view.playbook.rules.sustained_health, view.today
    scores = [view.past.health.get(day) for day in range(begins - rule.days + 1, begins + 1)]
    known = [score for score in scores if score is not None]
    if len(known) == rule.days:
        yield Value("sustained_health", None, min(known), (pointed(rule, rule.health_score),))


def milestone_missed(view: View) -> Iterator[Value]:
    """Count the milestones that are past their due day and were never reached (definition 57)."""
    onboarded, begins = view.date("onboarded_at"), view.today
    if onboarded is None:
        return
    reached = {event.properties.milestone for event in view.history.of(MilestoneReached)}
    asked = view.playbook.milestones.get(view.segment, ())
    missed = [row for row in asked if begins - onboarded > row.due_days and row.name not in reached]
    level = Level(None, Fraction(1), ">=", Fraction(1))
    yield Value("milestone_missed", None, Fraction(len(missed)), (level,))


ROWS = (
    Row("ticket_surge", ticket_surge),
    Row("competitor_mention", competitor_mention),
    Row("health_declining", health_declining),
    Row("health_critical", health_critical),
    Row("sustained_health", sustained_health, by_day="begins"),
    Row("milestone_missed", milestone_missed, by_day="begins"),
)
