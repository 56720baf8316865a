"""The activation gate, what holds a trigger, and how health is computed.

Source: playbook section 5, definitions 14, 17, 25 to 28, 30, 31 and 63.
"""

from typing import Literal

from shared.kernel.playbook.bounds import (
    AdoptionDays,
    Count,
    Csat,
    Days,
    DaysOrNone,
    Nps,
    Part,
    Percent,
    Points,
    Ratio,
    Trend,
    Weight,
    WhenUnknown,
)

UnknownCriterion = Literal["days_since_onboarding", "health_score", "active_share_percent", "sentiment"]
UNKNOWN_CRITERIA: tuple[UnknownCriterion, ...] = (
    "days_since_onboarding",
    "health_score",
    "active_share_percent",
    "sentiment",
)


class GateCriteria(Part, frozen=True, kw_only=True):
    """What one segment must fulfil. `>` for `days_since_onboarding` and `active_share_percent`, `>=` for the others.

    Shape: None means the criterion is not asked; `unknown` says for each criterion that can be unknown what that does.
    Source: playbook section 5, definition 28.
    """

    days_since_onboarding: DaysOrNone
    core_features: Count
    core_departments: Count | None
    health_score: Points
    active_share_percent: Percent
    ticket_trend: tuple[Trend, ...]
    sentiment: Nps
    exec_sponsor: bool
    qbr_days: Days | None
    unknown: dict[UnknownCriterion, WhenUnknown]


class Measures(Part, frozen=True, kw_only=True):
    """How the gate and health measure. Source: playbook sections 4 and 5, definitions 14 and 17."""

    adopted_days: AdoptionDays
    adopted_window_days: AdoptionDays
    active_window_days: Days
    ticket_window_days: Days
    ticket_stable_percent: Points
    csat_window_days: Days
    csat_positive_score: Csat


class Holds(Part, frozen=True, kw_only=True):
    """What holds expansion besides the gate. Source: playbook section 5, definitions 30 to 32 and 63."""

    renewal_quiet_days: Days
    renewal_completed_days: Days
    backfill_days: Days
    contraction_risk: bool
    suspended: bool


class HealthWeights(Part, frozen=True, kw_only=True):
    """What each component weighs; together 100."""

    usage: Weight
    engagement: Weight
    support: Weight
    sentiment: Weight
    outcomes: Weight
    stakeholders: Weight


class HealthUsage(Part, frozen=True, kw_only=True):
    """`active_points` x min(1, active share / full) + `trend_points` x clamp((trend - floor) / range)."""

    days: Days
    active_points: Points
    active_share_full_percent: Ratio
    trend_points: Points
    trend_floor_percent: Ratio
    trend_range_percent: Ratio


class HealthEngagement(Part, frozen=True, kw_only=True):
    """Points for a recent QBR and for any recent engagement."""

    qbr_points: Points
    qbr_days: Days
    engagement_points: Points
    engagement_days: Days


class HealthSupport(Part, frozen=True, kw_only=True):
    """What open tickets of these severities, and more tickets than before, take from 100."""

    severities: tuple[Literal["low", "normal", "high", "urgent"], ...]
    open_ticket_points: Points
    more_ticket_points: Points
    days: Days


class HealthOutcomes(Part, frozen=True, kw_only=True):
    """What a primary outcome adds to the share of due milestones reached; at most 100."""

    primary_outcome_points: Points


class HealthStakeholders(Part, frozen=True, kw_only=True):
    """What a lost champion and a missing sponsor take from 100."""

    champion_left_points: Points
    champion_left_days: Days
    no_sponsor_points: Points


class HealthModel(Part, frozen=True, kw_only=True):
    """Health 0-100. Source: playbook section 5, definition 26."""

    weights: HealthWeights
    usage: HealthUsage
    engagement: HealthEngagement
    support: HealthSupport
    outcomes: HealthOutcomes
    stakeholders: HealthStakeholders
    green: Points
    critical: Points
