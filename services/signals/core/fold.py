"""What each event does to an account's state: one function an event type, in one table.

A handler returns whether the rules must be looked at. Nothing here decides about triggers.
Source: playbook section 2, definitions 2, 12, 14, 25, 26, 44, 54.
"""

from collections.abc import Callable
from typing import Any

from services.signals.core import facts, users
from services.signals.core.account import Account
from services.signals.core.state import Metric, Moment
from services.signals.core.terms import Terms
from services.signals.core.windows import UseDays
from shared.kernel.clock import DAY_MS
from shared.kernel.events import (
    account_updated,
    champion_changed,
    engagement_recorded,
    feature_blocked,
    feature_used,
    milestone_reached,
    outcome_achieved,
    qbr_held,
    renewal_completed,
    session_started,
    stakeholder_added,
    survey_answered,
    ticket_opened,
    ticket_resolved,
    usage_recorded,
    usage_reported,
    user_deactivated,
    user_erased,
    user_provisioned,
)
from shared.kernel.events.envelope import Event, Quantity
from shared.kernel.quantities import MILLION, millionths

Handler = Callable[[Account, Any, int, Terms], bool]


def moment_of(event: Event, at_ms: int) -> Moment:
    """Return the place of an event in the order of events (definition 3)."""
    return at_ms, event.source, event.id


def add_usage(account: Account, name: str, quantity: Quantity, at_ms: int) -> bool:
    """Add a quantity to a metric's day; tell whether a rule may have been reached."""
    amount = quantity * MILLION if type(quantity) is int else millionths(quantity)
    metric = account.metrics.get(name)
    if metric is None:
        metric = account.metrics[name] = Metric({})
    day = at_ms // DAY_MS
    metric.cells[day] = metric.cells.get(day, 0) + amount
    metric.first_day = min(metric.first_day, day)
    if day != account.head.today:
        account.days_dirty = True
    begin, following = account.period
    if begin <= day < following:
        metric.total += amount
        return metric.total >= metric.watch
    return False


def _usage_recorded(account: Account, event: usage_recorded.UsageRecorded, at_ms: int, terms: Terms) -> bool:
    look = add_usage(account, event.properties.metric, event.properties.quantity, at_ms)
    if event.user_id is not None and users.active(account, users.find(account, event.user_id), at_ms, terms):
        look = look or account.active_rule >= account.watch_active
    return look


def _feature_used(account: Account, event: feature_used.FeatureUsed, at_ms: int, terms: Terms) -> bool:
    given = event.properties
    name, day, user_id = given.feature, at_ms // DAY_MS, event.user_id
    look = False
    feature = account.head.features.get(name)
    if feature is None:
        feature = account.head.features[name] = UseDays()
    if feature.newest != day:
        look = _touched(account, name, feature, day, terms)
        feature.used(day)
        if (
            name in terms.core
            and feature.days_used(account.head.today, terms.adopted_window_days) == terms.adopted_days
        ):
            account.gate_cache = None  # it has just been adopted
    if given.metric is not None and add_usage(account, given.metric, given.quantity, at_ms):
        look = True
    if user_id is not None:
        user = users.find(account, user_id)
        if users.active(account, user, at_ms, terms) and account.active_rule >= account.watch_active:
            look = True
        if name in terms.core:
            users.core_used(account, user, name, at_ms, terms)
    return look


def _touched(account: Account, name: str, feature: UseDays, day: int, terms: Terms) -> bool:
    """Tell whether a use or refusal brings a gated feature into the rule's window anew."""
    oldest = account.head.today - terms.gated_days
    return day > oldest >= feature.touched and name in account.gated


def _feature_blocked(account: Account, event: feature_blocked.FeatureBlocked, at_ms: int, terms: Terms) -> bool:
    features, name, day = account.head.features, event.properties.feature, at_ms // DAY_MS
    feature = features.get(name)
    if feature is None:
        feature = features[name] = UseDays()
    look = _touched(account, name, feature, day, terms)
    feature.blocked(day)
    return look


def _session_started(account: Account, event: session_started.SessionStarted, at_ms: int, terms: Terms) -> bool:
    if event.user_id is not None and users.active(account, users.find(account, event.user_id), at_ms, terms):
        return account.active_rule >= account.watch_active
    return False


def _usage_reported(account: Account, event: usage_reported.UsageReported, at_ms: int, _: Terms) -> bool:
    gauges, name, moment = account.head.gauges, event.properties.metric, moment_of(event, at_ms)
    if name not in gauges or moment > gauges[name][1:]:
        gauges[name] = (millionths(event.properties.level), *moment)
    return True


def _user_provisioned(account: Account, event: user_provisioned.UserProvisioned, at_ms: int, _: Terms) -> bool:
    if event.user_id is not None:
        users.provisioned(account, event.user_id, event.properties.department, moment_of(event, at_ms))
    return True


def _user_deactivated(account: Account, event: user_deactivated.UserDeactivated, at_ms: int, terms: Terms) -> bool:
    if event.user_id is not None:
        users.deactivated(account, event.user_id, moment_of(event, at_ms))
        terms.refresh(account)
    return True


def _user_erased(account: Account, event: user_erased.UserErased, at_ms: int, terms: Terms) -> bool:
    if event.user_id is not None:
        users.erased(account, event.user_id, moment_of(event, at_ms))
        terms.refresh(account)
    return True


def _account_updated(account: Account, event: account_updated.AccountUpdated, at_ms: int, terms: Terms) -> bool:
    facts.update(account, event.properties, moment_of(event, at_ms))
    terms.refresh(account)
    return True


def _ticket_opened(account: Account, event: ticket_opened.TicketOpened, at_ms: int, _: Terms) -> bool:
    opened = account.days.tickets_opened
    opened[at_ms // DAY_MS] = opened.get(at_ms // DAY_MS, 0) + 1
    _ticket(account, event.properties.ticket_id, event.properties.severity, moment_of(event, at_ms))
    return True


def _ticket_resolved(account: Account, event: ticket_resolved.TicketResolved, at_ms: int, _: Terms) -> bool:
    _ticket(account, event.properties.ticket_id, None, moment_of(event, at_ms))
    return True


def _ticket(account: Account, ticket_id: str, severity: str | None, moment: Moment) -> None:
    """Note that a ticket was opened (with a severity) or resolved; the latest moment of each is kept."""
    account.head.support_known = account.days_dirty = True
    opened, resolved, known = account.days.tickets.get(ticket_id, (None, None, "normal"))
    if severity is None:
        resolved = moment if resolved is None or moment > resolved else resolved
    elif opened is None or moment > opened:
        opened, known = moment, severity
    account.days.tickets[ticket_id] = (opened, resolved, known)


def _survey_answered(account: Account, event: survey_answered.SurveyAnswered, at_ms: int, terms: Terms) -> bool:
    head, given, moment = account.head, event.properties, moment_of(event, at_ms)
    if given.survey == "nps":
        if head.nps is None or moment > head.nps[1:]:
            head.nps = (given.score, *moment)
    else:
        answers, good = head.csat.get(at_ms // DAY_MS, (0, 0))
        positive = given.score >= terms.playbook.measures.csat_positive_score
        head.csat[at_ms // DAY_MS] = (answers + 1, good + positive)
    return True


def _qbr_held(account: Account, _event: Event, at_ms: int, _: Terms) -> bool:
    account.head.qbr_ms = max(account.head.qbr_ms, at_ms)
    return True


def _engagement_recorded(account: Account, _event: Event, at_ms: int, _: Terms) -> bool:
    account.head.engagement_ms = max(account.head.engagement_ms, at_ms)
    return True


def _outcome_achieved(account: Account, event: outcome_achieved.OutcomeAchieved, _at: int, _: Terms) -> bool:
    account.head.primary_outcome = account.head.primary_outcome or event.properties.primary
    return True


def _milestone_reached(account: Account, event: milestone_reached.MilestoneReached, _at: int, _: Terms) -> bool:
    name = event.properties.milestone
    if name not in account.head.milestones:
        account.head.milestones = (*account.head.milestones, name)
    return True


def _champion_changed(account: Account, event: champion_changed.ChampionChanged, at_ms: int, _: Terms) -> bool:
    account.head.stakeholders_known = True
    if event.properties.change in ("left", "moved_away"):
        account.head.champion_left_ms = max(account.head.champion_left_ms, at_ms)
    return True


def _stakeholder_added(account: Account, _event: Event, _at: int, _: Terms) -> bool:
    account.head.stakeholders_known = True
    return True


def _renewal_completed(account: Account, _event: Event, at_ms: int, _: Terms) -> bool:
    account.head.renewed_ms = max(account.head.renewed_ms, at_ms)
    return True


HANDLERS: dict[type[Event], Handler] = {
    usage_recorded.UsageRecorded: _usage_recorded,
    usage_reported.UsageReported: _usage_reported,
    feature_used.FeatureUsed: _feature_used,
    feature_blocked.FeatureBlocked: _feature_blocked,
    session_started.SessionStarted: _session_started,
    user_provisioned.UserProvisioned: _user_provisioned,
    user_deactivated.UserDeactivated: _user_deactivated,
    user_erased.UserErased: _user_erased,
    account_updated.AccountUpdated: _account_updated,
    ticket_opened.TicketOpened: _ticket_opened,
    ticket_resolved.TicketResolved: _ticket_resolved,
    survey_answered.SurveyAnswered: _survey_answered,
    qbr_held.QbrHeld: _qbr_held,
    engagement_recorded.EngagementRecorded: _engagement_recorded,
    outcome_achieved.OutcomeAchieved: _outcome_achieved,
    milestone_reached.MilestoneReached: _milestone_reached,
    champion_changed.ChampionChanged: _champion_changed,
    stakeholder_added.StakeholderAdded: _stakeholder_added,
    renewal_completed.RenewalCompleted: _renewal_completed,
}
# These keep the gate's cache themselves; every other event drops it.
PLAIN = frozenset({usage_recorded.UsageRecorded, feature_used.FeatureUsed, session_started.SessionStarted})
