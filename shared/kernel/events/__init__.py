"""The vocabulary of events: one file and one row each.

Source: playbook section 2.
"""

from shared.kernel.events import (
    account_updated,
    capability_requested,
    champion_changed,
    company_news,
    competitor_mentioned,
    effort_logged,
    engagement_recorded,
    feature_blocked,
    feature_used,
    limit_reached,
    milestone_reached,
    outcome_achieved,
    pricing_viewed,
    qbr_held,
    renewal_completed,
    session_started,
    stakeholder_added,
    subscription_set,
    survey_answered,
    ticket_opened,
    ticket_resolved,
    usage_recorded,
    usage_reported,
    user_deactivated,
    user_erased,
    user_provisioned,
)
from shared.kernel.events.envelope import Event, EventType

EVENT_TYPES: tuple[EventType, ...] = (
    usage_recorded.ROW,
    usage_reported.ROW,
    limit_reached.ROW,
    feature_used.ROW,
    feature_blocked.ROW,
    session_started.ROW,
    user_provisioned.ROW,
    user_deactivated.ROW,
    user_erased.ROW,
    account_updated.ROW,
    ticket_opened.ROW,
    ticket_resolved.ROW,
    survey_answered.ROW,
    qbr_held.ROW,
    outcome_achieved.ROW,
    milestone_reached.ROW,
    champion_changed.ROW,
    stakeholder_added.ROW,
    engagement_recorded.ROW,
    capability_requested.ROW,
    pricing_viewed.ROW,
    company_news.ROW,
    competitor_mentioned.ROW,
    subscription_set.ROW,
    renewal_completed.ROW,
    effort_logged.ROW,
)
BY_NAME: dict[str, EventType] = {row.name: row for row in EVENT_TYPES}
FACT_SHAPES: frozenset[type[Event]] = frozenset(row.shape for row in EVENT_TYPES if row.fact)
