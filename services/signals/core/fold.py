"""What each event does to an account's state: one function an event type, in one table; those of the flood: `activity`.

A handler returns whether the rules must be looked at. Nothing here decides about triggers.
Source: playbook section 2, definitions 2, 12, 14, 25, 26, 44, 54.
"""

from collections.abc import Callable
from typing import Any

from services.signals.core import answers, facts, interest, names, newcomers, sharing, standing, use, use_limits, users
from services.signals.core.account import Account
from services.signals.core.activity import touched
from services.signals.core.feature_days import note_refusal
from services.signals.core.state import Moment
from services.signals.core.terms import Terms
from services.signals.core.use_days import UseDays
from shared.kernel.clock import DAY_MS
from shared.kernel.events import (
    account_updated,
    champion_changed,
    company_news,
    engagement_recorded,
    feature_blocked,
    limit_reached,
    milestone_reached,
    outcome_achieved,
    pricing_viewed,
    qbr_held,
    renewal_completed,
    stakeholder_added,
    survey_answered,
    ticket_opened,
    ticket_resolved,
    usage_reported,
    user_deactivated,
    user_erased,
    user_provisioned,
)
from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.events.envelope import Event
from shared.kernel.quantities import millionths

Handler = Callable[[Account, Any, int, Terms], bool]


def moment_of(event: Event, at_ms: int) -> Moment:
    """Return the place of an event in the order of events (definition 3)."""
    return at_ms, sharing.word(event.source), event.id


def _feature_blocked(account: Account, event: feature_blocked.FeatureBlocked, at_ms: int, terms: Terms) -> bool:
    features, name, day = account.head.features, event.properties.feature, at_ms // DAY_MS
    feature = features.get(name)
    if feature is None:
        if not names.takes_feature(account, name, terms):
            return False
        feature = features[sharing.word(name)] = UseDays()
    look = touched(account, name, feature, day, terms)
    note_refusal(feature, day)
    return use.feature_tried(account, name, day, terms) or look


def _usage_reported(account: Account, event: usage_reported.UsageReported, at_ms: int, _: Terms) -> bool:
    gauges, name, moment = account.head.gauges, event.properties.metric, moment_of(event, at_ms)
    known = name in gauges
    if not known and not names.takes_metric(account, gauges, names.MOST_OTHERS, name):
        return False
    if not known or moment > gauges[name][1:]:
        gauges[name] = (millionths(event.properties.level), *moment)
    return True


def _limit_reached(account: Account, event: limit_reached.LimitReached, _at: int, _: Terms) -> bool:
    use_limits.reach(account, event.properties.metric)
    return True


def _user_provisioned(account: Account, event: user_provisioned.UserProvisioned, at_ms: int, terms: Terms) -> bool:
    user_id, department = event.user_id, event.properties.department
    if user_id is None:
        return True
    quiet = users.known(account, user_id) is None and newcomers.are_quiet(account, department, terms)
    users.provisioned(account, user_id, department, moment_of(event, at_ms))
    return not quiet or newcomers.seated(account, terms)


def _user_deactivated(account: Account, event: user_deactivated.UserDeactivated, at_ms: int, terms: Terms) -> bool:
    if event.user_id is not None:
        users.deactivated(account, event.user_id, moment_of(event, at_ms))
        terms.refresh(account)
    return True


def _user_erased(account: Account, event: user_erased.UserErased, at_ms: int, terms: Terms) -> bool:
    if event.user_id is not None:
        users.erase(account, event.user_id, moment_of(event, at_ms))
        terms.refresh(account)
    return True


def _account_updated(account: Account, event: account_updated.AccountUpdated, at_ms: int, terms: Terms) -> bool:
    facts.update(account, event.properties, moment_of(event, at_ms))
    terms.refresh(account)
    return True


def _ticket_opened(account: Account, event: ticket_opened.TicketOpened, at_ms: int, _: Terms) -> bool:
    opened, day = account.days.tickets_opened, at_ms // DAY_MS
    opened[sharing.number(day)] = opened.get(day, 0) + 1
    _ticket(account, event.properties.ticket_id, event.properties.severity, moment_of(event, at_ms))
    return True


def _ticket_resolved(account: Account, event: ticket_resolved.TicketResolved, at_ms: int, _: Terms) -> bool:
    _ticket(account, event.properties.ticket_id, None, moment_of(event, at_ms))
    return True


def _ticket(account: Account, ticket_id: str, severity: str | None, moment: Moment) -> None:
    """Note that a ticket was opened (with a severity) or resolved; the latest moment of each is kept."""
    account.head.support_known = account.days_dirty = True
    opened, resolved, known = before = account.days.tickets.get(ticket_id, (None, None, "normal"))
    if severity is None:
        resolved = moment if resolved is None or moment > resolved else resolved
    elif opened is None or moment > opened:
        opened, known = moment, severity
    account.days.tickets[ticket_id] = after = (opened, resolved, known)
    account.count_ticket(before, -1)
    account.count_ticket(after, 1)


def _survey_answered(account: Account, event: survey_answered.SurveyAnswered, at_ms: int, terms: Terms) -> bool:
    head, given, moment = account.head, event.properties, moment_of(event, at_ms)
    if given.survey == "nps":
        if head.nps is None or moment > head.nps[1:]:
            head.nps = (given.score, *moment)
        user = None if event.user_id is None else users.find(account, event.user_id)
        answers.note(account, event.user_id, user, (given.score, *moment))
    else:
        given_before, good = head.csat.get(at_ms // DAY_MS, (0, 0))
        positive = given.score >= terms.playbook.measures.csat_positive_score
        head.csat[sharing.number(at_ms // DAY_MS)] = (given_before + 1, good + positive)
    return True


def _qbr_held(account: Account, _event: Event, at_ms: int, _: Terms) -> bool:
    account.head.qbr_ms = max(account.head.qbr_ms, at_ms)
    return True


def _engagement_recorded(account: Account, event: engagement_recorded.EngagementRecorded, at_ms: int, _: Terms) -> bool:
    account.head.engagement_ms = max(account.head.engagement_ms, at_ms)
    if event.properties.kind == "webinar":
        interest.attended(account, at_ms // DAY_MS)
    return True


def _pricing_viewed(account: Account, event: pricing_viewed.PricingViewed, at_ms: int, terms: Terms) -> bool:
    return interest.viewed(account, event.user_id, at_ms, terms)


def _outcome_achieved(account: Account, event: outcome_achieved.OutcomeAchieved, _at: int, _: Terms) -> bool:
    account.head.primary_outcome = account.head.primary_outcome or event.properties.primary
    return True


def _milestone_reached(account: Account, event: milestone_reached.MilestoneReached, _at: int, terms: Terms) -> bool:
    name = event.properties.milestone
    if name not in account.head.milestones and names.takes_milestone(account, name, terms):
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


def _capability_requested(account: Account, event: CapabilityRequested, at_ms: int, terms: Terms) -> bool:
    standing.requested(account, event, at_ms // DAY_MS, terms)
    interest.requested(account, at_ms // DAY_MS)
    return True


def _company_news(_account: Account, _event: Event, _at: int, _: Terms) -> bool:
    return True


def _renewal_completed(account: Account, _event: Event, at_ms: int, _: Terms) -> bool:
    account.head.renewed_ms = max(account.head.renewed_ms, at_ms)
    return True


HANDLERS: dict[type[Event], Handler] = {
    usage_reported.UsageReported: _usage_reported,
    feature_blocked.FeatureBlocked: _feature_blocked,
    limit_reached.LimitReached: _limit_reached,
    user_provisioned.UserProvisioned: _user_provisioned,
    user_deactivated.UserDeactivated: _user_deactivated,
    user_erased.UserErased: _user_erased,
    account_updated.AccountUpdated: _account_updated,
    ticket_opened.TicketOpened: _ticket_opened,
    ticket_resolved.TicketResolved: _ticket_resolved,
    survey_answered.SurveyAnswered: _survey_answered,
    qbr_held.QbrHeld: _qbr_held,
    engagement_recorded.EngagementRecorded: _engagement_recorded,
    pricing_viewed.PricingViewed: _pricing_viewed,
    outcome_achieved.OutcomeAchieved: _outcome_achieved,
    milestone_reached.MilestoneReached: _milestone_reached,
    champion_changed.ChampionChanged: _champion_changed,
    stakeholder_added.StakeholderAdded: _stakeholder_added,
    company_news.CompanyNews: _company_news,
    renewal_completed.RenewalCompleted: _renewal_completed,
    CapabilityRequested: _capability_requested,
}
