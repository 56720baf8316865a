"""The risk and adoption rules and their numbers: never gated, never held but for `backfill`.

Source: playbook section 7, definitions 15, 18, 20, 24, 51 to 60.
"""

from typing import ClassVar

from shared.kernel.playbook.bounds import (
    Amount,
    Category,
    Count,
    CountOrZero,
    Days,
    DaysOrNone,
    EndedDays,
    Hours,
    Key,
    Nps,
    Percent,
    Points,
    Ratio,
    TrafficDays,
)
from shared.kernel.playbook.expansion import ExpansionRules
from shared.kernel.playbook.rules import CountRule, OneOffRule, PointsRule, Rule
from shared.kernel.triggers import Kind


class UsageDecline(PointsRule, frozen=True, kw_only=True):
    """Usage of the window more than `drop_percent` below the one before."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"
    drop_percent: Percent
    days: Days
    floor: Amount
    floors: dict[Key, Amount] = {}


class TicketSurge(PointsRule, frozen=True, kw_only=True):
    """Tickets of the window against the one before, and at least so many."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"
    percent: Ratio
    tickets: Count
    days: Days


class ChampionLeft(OneOffRule, frozen=True, kw_only=True):
    """Champion left or moved away."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"


class NpsDrop(CountRule, frozen=True, kw_only=True):
    """A person's latest NPS at or below `latest`, the one before at or above `before`."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"
    latest: Nps
    before: Nps


class CompetitorMention(CountRule, frozen=True, kw_only=True):
    """Any mention of a competitor."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"
    mentions: Count
    days: Days


class ContractionRisk(CountRule, frozen=True, kw_only=True):
    """Several of the five rules above together; its task escalates and is overdue after so many days."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"
    rules: Count
    days: Days
    escalate_days: Days
    overdue_days: Days


class RenewalAtRisk(PointsRule, frozen=True, kw_only=True):
    """Renewal near, with poor health or a contraction score."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"
    from_days: Days
    to_days: Days
    health_score: Points
    contraction_score: Count


class HealthDeclining(PointsRule, frozen=True, kw_only=True):
    """Health down by so many points within the window."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"
    drop_points: Points
    days: Days


class HealthCritical(PointsRule, frozen=True, kw_only=True):
    """Health below the critical line, which stands with health."""

    kind: ClassVar[Kind] = "risk"
    category: ClassVar[Category] = "risk"


class DormantUsers(PointsRule, frozen=True, kw_only=True):
    """Users provisioned long ago and never active: so many, and such a share."""

    kind: ClassVar[Kind] = "adoption"
    category: ClassVar[Category] = "adoption"
    users: Count
    percent: Percent
    provisioned_days: Days


class LoginDecline(PointsRule, frozen=True, kw_only=True):
    """Sessions of the window more than `drop_percent` below the one before, which had at least `sessions`."""

    kind: ClassVar[Kind] = "adoption"
    category: ClassVar[Category] = "adoption"
    drop_percent: Percent
    days: Days
    sessions: CountOrZero


class PurchasedUnused(CountRule, frozen=True, kw_only=True):
    """A purchased feature unused for so many days since purchase."""

    kind: ClassVar[Kind] = "adoption"
    category: ClassVar[Category] = "adoption"
    days: EndedDays


class MilestoneMissed(Rule, frozen=True, kw_only=True):
    """An adoption milestone past its due day; the due days stand with the milestones."""

    kind: ClassVar[Kind] = "adoption"
    category: ClassVar[Category] = "adoption"


class LowSeatUse(PointsRule, frozen=True, kw_only=True):
    """Active users as share of the seats, after so many days since onboarding."""

    kind: ClassVar[Kind] = "adoption"
    category: ClassVar[Category] = "adoption"
    percent: Percent
    days: EndedDays
    after_days: DaysOrNone


class SourceSilent(Rule, frozen=True, kw_only=True):
    """A write key's hourly rate falls to nothing after `days` of traffic.

    Shape: silent when in `silent_hours` hours nothing came though the same hours, and those beside them, had traffic
    `days` before; or after `pauses` times its longest pause of those days and `silent_hours`. Either way at least
    `missed_events` must be missing, by what came before.
    """

    kind: ClassVar[Kind] = "ops"
    category: ClassVar[Category] = "ops"
    days: TrafficDays
    silent_hours: Hours
    missed_events: Count = 10
    pauses: Count = 2


class Rules(ExpansionRules, frozen=True, kw_only=True):
    """All rules, by name: a rule's name is its field here."""

    usage_decline: UsageDecline
    ticket_surge: TicketSurge
    champion_left: ChampionLeft
    nps_drop: NpsDrop
    competitor_mention: CompetitorMention
    contraction_risk: ContractionRisk
    renewal_at_risk: RenewalAtRisk
    health_declining: HealthDeclining
    health_critical: HealthCritical
    dormant_users: DormantUsers
    login_decline: LoginDecline
    purchased_unused: PurchasedUnused
    milestone_missed: MilestoneMissed
    low_seat_use: LowSeatUse
    source_silent: SourceSilent
