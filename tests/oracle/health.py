"""Health and sentiment, straight from the formula; every number is an exact rational.

Source: playbook section 5, definitions 14, 26, 27.
"""

from dataclasses import dataclass
from fractions import Fraction

from shared.kernel.events.champion_changed import ChampionChanged
from shared.kernel.events.engagement_recorded import EngagementRecorded
from shared.kernel.events.milestone_reached import MilestoneReached
from shared.kernel.events.outcome_achieved import OutcomeAchieved
from shared.kernel.events.qbr_held import QbrHeld
from shared.kernel.events.stakeholder_added import StakeholderAdded
from shared.kernel.events.survey_answered import SurveyAnswered
from shared.kernel.events.ticket_opened import TicketOpened
from shared.kernel.events.ticket_resolved import TicketResolved
from shared.kernel.playbook.document import Playbook
from tests.oracle.history import Facts, History, day, rank


@dataclass(frozen=True)
class Health:
    """Health and its components, 0-100; None, or absent, without data."""

    score: Fraction | None
    components: dict[str, Fraction]
    overridden: bool


def exact(number: object) -> Fraction:
    """Return a number of JSON as the decimal that its text says."""
    return Fraction(str(number))


def clamp(number: Fraction, low: int, high: int) -> Fraction:
    """Return a number, or the bound that it lies beyond."""
    return min(max(number, Fraction(low)), Fraction(high))


def sentiment(history: History, playbook: Playbook, today: int) -> Fraction | None:
    """Return sentiment 0-10: the latest NPS however old, else ten times the share of good CSAT (definition 14)."""
    answers = history.of(SurveyAnswered)
    nps = [answer for answer in answers if answer.properties.survey == "nps"]
    if nps:
        return exact(max(nps, key=rank).properties.score)
    first = today - playbook.measures.csat_window_days + 1
    csat = [
        answer.properties.score
        for answer in answers
        if answer.properties.survey == "csat" and first <= day(answer) <= today
    ]
    if not csat:
        return None
    return Fraction(10 * sum(score >= playbook.measures.csat_positive_score for score in csat), len(csat))


def has_sponsor(facts: Facts) -> bool:
    """Return whether the account names an executive sponsor."""
    return bool(facts["exec_sponsor"])


def usage(history: History, facts: Facts, playbook: Playbook, today: int) -> Fraction | None:
    """Return the usage component: active share and trend, each scaled up when the other has no data."""
    model = playbook.health.usage
    points, most = Fraction(0), 0
    seats = facts["seats"]
    if isinstance(seats, int) and seats > 0:
        active = len(history.active_users(today - model.days + 1, today))
        share = Fraction(100 * active, seats * model.active_share_full_percent)
        points += model.active_points * min(Fraction(1), share)
        most += model.active_points
    now = history.recorded(today - model.days + 1, today)
    before = history.recorded(today - 2 * model.days + 1, today - model.days)
    ratios = [Fraction(now.get(metric, 0), quantity) for metric, quantity in before.items() if quantity > 0]
    if ratios:
        trend = sum(ratios, Fraction(0)) / len(ratios)
        over_floor = (100 * trend - model.trend_floor_percent) / model.trend_range_percent
        points += model.trend_points * clamp(over_floor, 0, 1)
        most += model.trend_points
    return 100 * points / most if most else None


def engagement(history: History, playbook: Playbook, today: int) -> Fraction | None:
    """Return the engagement component: a recent QBR, and any recent engagement."""
    model = playbook.health.engagement
    if not history.of(QbrHeld, EngagementRecorded):
        return None
    points = 0
    if history.within(today - model.qbr_days + 1, today, QbrHeld):
        points += model.qbr_points
    if history.within(today - model.engagement_days + 1, today, EngagementRecorded):
        points += model.engagement_points
    return Fraction(points)


def support(history: History, playbook: Playbook, today: int) -> Fraction | None:
    """Return the support component: open grave tickets, and more tickets than before."""
    model = playbook.health.support
    history_of_ticket: dict[str, list[TicketOpened | TicketResolved]] = {}
    for event in history.of(TicketOpened, TicketResolved):
        assert isinstance(event, TicketOpened | TicketResolved)
        history_of_ticket.setdefault(event.properties.ticket_id, []).append(event)
    if not history_of_ticket:
        return None
    latest = [max(events, key=rank) for events in history_of_ticket.values()]
    grave = sum(isinstance(event, TicketOpened) and event.properties.severity in model.severities for event in latest)
    now = len(history.within(today - model.days + 1, today, TicketOpened))
    before = len(history.within(today - 2 * model.days + 1, today - model.days, TicketOpened))
    lost = model.open_ticket_points * grave + model.more_ticket_points * max(0, now - before)
    return Fraction(max(0, 100 - lost))


def outcomes(history: History, segment: str, facts: Facts, playbook: Playbook, today: int) -> Fraction | None:
    """Return the outcomes component: due milestones reached, and a primary outcome."""
    onboarded = facts.day("onboarded_at")
    due = {
        milestone.name
        for milestone in playbook.milestones.get(segment, ())
        if onboarded is not None and today - onboarded >= milestone.due_days
    }
    primary = any(event.properties.primary for event in history.of(OutcomeAchieved))
    if not due and not primary:
        return None
    reached = {event.properties.milestone for event in history.of(MilestoneReached)}
    share = Fraction(len(due & reached), len(due)) if due else Fraction(1)
    extra = playbook.health.outcomes.primary_outcome_points if primary else 0
    return min(Fraction(100), 100 * share + extra)


def stakeholders(history: History, facts: Facts, playbook: Playbook, today: int) -> Fraction | None:
    """Return the stakeholders component: a champion lost, and no executive sponsor."""
    model = playbook.health.stakeholders
    spoken_of = history.of(ChampionChanged, StakeholderAdded) or facts.carried & {"exec_sponsor", "champion"}
    if not spoken_of:
        return None
    changes = history.within(today - model.champion_left_days + 1, today, ChampionChanged)
    lost = any(event.properties.change in {"left", "moved_away"} for event in changes)
    points = 100 - (model.champion_left_points if lost else 0) - (0 if has_sponsor(facts) else model.no_sponsor_points)
    return Fraction(max(0, points))


def health(history: History, segment: str, playbook: Playbook, today: int) -> Health:
    """Return health on a day: the account's own score, else the weighted mean of the components that have data."""
    facts = history.facts()
    found = {
        "usage": usage(history, facts, playbook, today),
        "engagement": engagement(history, playbook, today),
        "support": support(history, playbook, today),
        "sentiment": sentiment(history, playbook, today),
        "outcomes": outcomes(history, segment, facts, playbook, today),
        "stakeholders": stakeholders(history, facts, playbook, today),
    }
    if found["sentiment"] is not None:
        found["sentiment"] *= 10
    components = {name: points for name, points in found.items() if points is not None}
    given = facts["health_score"]
    if given is not None:
        return Health(clamp(exact(given), 0, 100), components, overridden=True)
    weights = {name: int(getattr(playbook.health.weights, name)) for name in components}
    whole = sum(weights.values())
    if whole == 0:
        return Health(None, components, overridden=False)
    score = sum((weights[name] * points for name, points in components.items()), Fraction(0)) / whole
    return Health(score, components, overridden=False)
