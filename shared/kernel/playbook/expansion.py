"""The expansion rules and their numbers: one struct each, in the order of the playbook's table.

Source: playbook section 6, definitions 4, 16, 20 to 24, 43, 44, 48, 49, 58, 59 and 68.
"""

from typing import ClassVar, Literal

from shared.kernel.playbook.bounds import (
    ActDays,
    AdoptionDays,
    Amount,
    Category,
    Count,
    Days,
    DaysOrNone,
    Key,
    Nps,
    Part,
    Percent,
    Points,
    Ratio,
)
from shared.kernel.playbook.rules import CountRule, Level, OneOffRule, PointsRule


class UsageCeiling(PointsRule, frozen=True, kw_only=True):
    """Use of a limited metric as share of its limit, in levels."""

    levels: tuple[Level, ...]


class LimitHitAgain(CountRule, frozen=True, kw_only=True):
    """A limit reached on a second day; `rearm_percent` is where the limit can be reached again (definition 44)."""

    reached_percent: Ratio
    rearm_percent: Ratio
    times: Count
    days: Days


class SeatSaturation(PointsRule, frozen=True, kw_only=True):
    """Active users `>` and assigned seats `>=` a share of the seats."""

    active_percent: Ratio
    active_days: Days
    assigned_percent: Ratio


class GatedExploration(CountRule, frozen=True, kw_only=True):
    """Distinct gated features used or blocked."""

    features: Count
    days: Days


class FeatureGap(CountRule, frozen=True, kw_only=True):
    """One gated feature used or blocked again and again."""

    times: Count
    days: AdoptionDays


class AddonProblem(CountRule, frozen=True, kw_only=True):
    """An add-on's problem indicator is met; the numbers stand with the add-ons."""


class HeadcountGrowth(PointsRule, frozen=True, kw_only=True):
    """Employees against the lowest value of the window. Units: whole percent."""

    category: ClassVar[Category] = "organisation"
    percent: Ratio
    days: Days


class PowerUser(PointsRule, frozen=True, kw_only=True):
    """One user's acts against the mean of the account's active users."""

    percent: Ratio
    acts: Count
    active_users: Count
    days: ActDays


class ContractMilestone(PointsRule, frozen=True, kw_only=True):
    """Renewal `from_days` to `to_days` away, both included, with green health."""

    category: ClassVar[Category] = "organisation"
    from_days: Days
    to_days: Days


class QbrOutcome(OneOffRule, frozen=True, kw_only=True):
    """A QBR's unmet need is on the roadmap list."""

    category: ClassVar[Category] = "buying"


class UsageVelocity(PointsRule, frozen=True, kw_only=True):
    """A metric's `days` against the `days` before; level two against the `days` that end `gap_days` ago."""

    levels: tuple[Level, Level]
    days: Days
    gap_days: Days
    floor: Amount
    floors: dict[Key, Amount] = {}


class DepartmentExpansion(CountRule, frozen=True, kw_only=True):
    """A department new in `new_days` reaches so many active users."""

    category: ClassVar[Category] = "organisation"
    users: Count
    days: Days
    new_days: Days
    after_onboarding_days: DaysOrNone


class DepartmentAdjacent(PointsRule, frozen=True, kw_only=True):
    """A busy department whose neighbour has no users; the neighbours are listed here."""

    category: ClassVar[Category] = "organisation"
    active_share_percent: Percent
    days: Days
    adjacent: dict[Key, tuple[Key, ...]] = {}


class OutcomeAchieved(OneOffRule, frozen=True, kw_only=True):
    """A primary outcome."""

    category: ClassVar[Category] = "outcome"


class ChampionPromoted(OneOffRule, frozen=True, kw_only=True):
    """Champion promoted or moved within."""

    category: ClassVar[Category] = "outcome"


class ExecutiveInterest(OneOffRule, frozen=True, kw_only=True):
    """An executive asks for a capability, or an executive stakeholder is added."""

    category: ClassVar[Category] = "buying"


class BuyingIntent(CountRule, frozen=True, kw_only=True):
    """Requests, pricing views by different users, and webinars."""

    category: ClassVar[Category] = "buying"
    signals: Count
    days: Days


class OrganisationalChange(OneOffRule, frozen=True, kw_only=True):
    """Funding, leadership or initiative news."""

    category: ClassVar[Category] = "organisation"
    news: tuple[Literal["funding", "initiative", "leadership"], ...]


class RenewedAdvocate(OneOffRule, frozen=True, kw_only=True):
    """Renewal completed by an advocate."""

    category: ClassVar[Category] = "outcome"
    nps: Nps


class SustainedHealth(PointsRule, frozen=True, kw_only=True):
    """Health at the first tick of each of so many days."""

    category: ClassVar[Category] = "outcome"
    health_score: Points
    days: Days


class CostEfficiency(PointsRule, frozen=True, kw_only=True):
    """Usage up, and cost per unit up. Units: whole percent of the window before."""

    usage_percent: Ratio
    unit_cost_percent: Ratio
    days: Days
    floor: Amount
    floors: dict[Key, Amount] = {}


class CrossSellFit(PointsRule, frozen=True, kw_only=True):
    """Whitespace for a product not owned."""

    category: ClassVar[Category] = "buying"
    score: Points


class Compound(CountRule, frozen=True, kw_only=True):
    """Different expansion rules open together, from several categories."""

    category: ClassVar[Category] = "compound"
    rules: Count
    categories: Count
    days: Days


class ExpansionRules(Part, frozen=True, kw_only=True):
    """All expansion rules, by name."""

    usage_ceiling: UsageCeiling
    limit_hit_again: LimitHitAgain
    seat_saturation: SeatSaturation
    gated_exploration: GatedExploration
    feature_gap: FeatureGap
    addon_problem: AddonProblem
    headcount_growth: HeadcountGrowth
    power_user: PowerUser
    contract_milestone: ContractMilestone
    qbr_outcome: QbrOutcome
    usage_velocity: UsageVelocity
    department_expansion: DepartmentExpansion
    department_adjacent: DepartmentAdjacent
    outcome_achieved: OutcomeAchieved
    champion_promoted: ChampionPromoted
    executive_interest: ExecutiveInterest
    buying_intent: BuyingIntent
    organisational_change: OrganisationalChange
    renewed_advocate: RenewedAdvocate
    sustained_health: SustainedHealth
    cost_efficiency: CostEfficiency
    cross_sell_fit: CrossSellFit
    compound: Compound
