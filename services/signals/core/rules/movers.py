"""Which events can bring a rule to its threshold, so that the others need not measure it.

Only the types of `SORTED` are sorted out: after any other (facts, people who leave, a mention by itself) every rule is
measured. An event that any rule may hear of in its own way, a mention or a problem, is in the sets of those rules.
Source: definitions 16 and 33.
"""

from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.events.champion_changed import ChampionChanged
from shared.kernel.events.company_news import CompanyNews
from shared.kernel.events.engagement_recorded import EngagementRecorded
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_blocked import FeatureBlocked
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.limit_reached import LimitReached
from shared.kernel.events.milestone_reached import MilestoneReached
from shared.kernel.events.outcome_achieved import OutcomeAchieved
from shared.kernel.events.pricing_viewed import PricingViewed
from shared.kernel.events.qbr_held import QbrHeld
from shared.kernel.events.renewal_completed import RenewalCompleted
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.stakeholder_added import StakeholderAdded
from shared.kernel.events.survey_answered import SurveyAnswered
from shared.kernel.events.ticket_opened import TicketOpened
from shared.kernel.events.ticket_resolved import TicketResolved
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.events.usage_reported import UsageReported
from shared.kernel.events.user_provisioned import UserProvisioned

Movers = frozenset[type[Event]]

FLOOD: Movers = frozenset({FeatureUsed, UsageRecorded, SessionStarted})
# What makes a watch no nearer: those on sums, users, departments and acts hold on after it.
STILL: Movers = frozenset(
    {
        CapabilityRequested,
        ChampionChanged,
        CompanyNews,
        EngagementRecorded,
        FeatureBlocked,
        LimitReached,
        MilestoneReached,
        OutcomeAchieved,
        PricingViewed,
        QbrHeld,
        RenewalCompleted,
        StakeholderAdded,
        SurveyAnswered,
        TicketOpened,
        TicketResolved,
        UsageReported,
    }
)
SORTED: Movers = FLOOD | STILL | {UserProvisioned}
# Which component of health a type moves, in either direction; the flood moves usage.
COMPONENT: dict[type[Event], str] = {
    ChampionChanged: "stakeholders",
    EngagementRecorded: "engagement",
    MilestoneReached: "outcomes",
    OutcomeAchieved: "outcomes",
    QbrHeld: "engagement",
    StakeholderAdded: "stakeholders",
    SurveyAnswered: "sentiment",
    TicketOpened: "support",
    TicketResolved: "support",
}
HEALTH: Movers = FLOOD | frozenset(COMPONENT)
# Which criterion of the gate a type moves, besides health; the others move none, but for activity (`Account.raised`).
CRITERION: dict[type[Event], str] = {
    QbrHeld: "qbr_days",
    SurveyAnswered: "sentiment",
    TicketOpened: "ticket_trend",
    UserProvisioned: "core_departments",
}
# What changes neither a component of health nor any reason to hold, but for a criterion.
CALM: Movers = SORTED - HEALTH - {RenewalCompleted}
# What changes no use: no limit is reached by it, and usage per seat stays where it was.
UNUSED: Movers = SORTED - FLOOD - {UsageReported}
NOTHING: Movers = frozenset()
