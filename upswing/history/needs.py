"""What each rule, criterion and health component feeds on, in terms of what events hold.

A *token* is `type`, `type.property`, `type.user` (it names a user) or `type:kind`. Source: playbook sections 5 to 7.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from shared.kernel.playbook import Playbook

Kind = Literal["rule", "criterion", "health"]
ACTIVITY = ("session.started.user", "feature.used.user", "usage.recorded.user")
SUMS = ("usage.recorded", "feature.used.metric")
FEATURES = ("feature.used", "feature.blocked")
HEALTH = (*ACTIVITY, *SUMS, "qbr.held", "engagement.recorded", "ticket.opened", "survey.answered", "milestone.reached")
KINDS = ("survey", "kind", "change", "news")
MENTION = "mentions_competitor"  # on any event it is as good as `competitor.mentioned` (definition 60)


class Want(msgspec.Struct, frozen=True):
    """One thing that is needed: any of the tokens will do."""

    what: str
    tokens: tuple[str, ...]


class Need(msgspec.Struct, frozen=True):
    """What one rule (and scope), criterion or component needs: all of its wants; none: what other rules find."""

    name: str
    kind: Kind
    wants: tuple[Want, ...]
    scope: str = ""


def _fact(name: str) -> Want:
    return Want(f"the account's {name}", (f"account.updated.{name}",))


SEATS, PLAN, RENEWS, SINCE = _fact("seats"), _fact("plan"), _fact("renews_on"), _fact("onboarded_at")
WHO = Want("user ids on sessions, features or usage", ACTIVITY)
DEPARTMENTS = Want("users with departments", ("user.provisioned.department",))
SUMMED = Want("quantities of a metric", SUMS)
TRIED = Want("features used or blocked", FEATURES)
SCORES = Want("survey answers", ("survey.answered",))
NPS = Want("NPS answers", ("survey.answered:nps",))
TICKETS = Want("tickets opened", ("ticket.opened",))
CHAMPION = Want("changes of the champion", ("champion.changed",))
ANY_HEALTH = Want("something that health is computed from", HEALTH)
MENTIONS = Want("mentions of a competitor", ("competitor.mentioned",))
MEASURED = Want("quantities or levels of a metric", (*SUMS, "usage.reported"))
LIMITED = Want("the account's plan or own limits", ("account.updated.plan", "account.updated.limits"))

NEEDS: tuple[Need, ...] = (
    Need("usage_ceiling", "rule", (MEASURED, LIMITED)),
    Need(
        "limit_hit_again", "rule", (Want("a measured or reached limit", (*MEASURED.tokens, "limit.reached")), LIMITED)
    ),
    Need("seat_saturation", "rule", (SEATS, WHO), "active"),
    Need("seat_saturation", "rule", (SEATS, Want("users given a seat", ("user.provisioned",))), "assigned"),
    Need("gated_exploration", "rule", (TRIED, PLAN)),
    Need("feature_gap", "rule", (TRIED, PLAN)),
    Need("addon_problem", "rule", (Want("an add-on in the playbook", ()),)),  # `needs_under` names its events
    Need("headcount_growth", "rule", (_fact("employees"),)),
    Need("power_user", "rule", (WHO,)),
    Need("contract_milestone", "rule", (RENEWS, ANY_HEALTH)),
    Need("qbr_outcome", "rule", (Want("QBRs with unmet needs", ("qbr.held.unmet_needs",)),)),
    Need("usage_velocity", "rule", (SUMMED,)),
    Need("department_expansion", "rule", (DEPARTMENTS, WHO)),
    Need("department_adjacent", "rule", (DEPARTMENTS, WHO)),
    Need("outcome_achieved", "rule", (Want("primary outcomes", ("outcome.achieved.primary",)),)),
    Need("champion_promoted", "rule", (CHAMPION,)),
    Need(
        "executive_interest",
        "rule",
        (
            Want(
                "requests by executives or new stakeholders", ("capability.requested.by_executive", "stakeholder.added")
            ),
        ),
    ),
    Need(
        "buying_intent",
        "rule",
        (
            Want(
                "requests, pricing views or webinars", ("capability.requested", "pricing.viewed", "engagement.recorded")
            ),
        ),
    ),
    Need("organisational_change", "rule", (Want("company news", ("company.news",)),)),
    Need("renewed_advocate", "rule", (Want("renewals", ("renewal.completed",)), NPS)),
    Need("sustained_health", "rule", (ANY_HEALTH,)),
    Need("cost_efficiency", "rule", (Want("usage with its cost", ("usage.recorded.cost",)),)),
    Need("cross_sell_fit", "rule", (_fact("products"), _fact("industry"))),
    Need("compound", "rule", ()),
    Need("usage_decline", "rule", (SUMMED,)),
    Need("ticket_surge", "rule", (TICKETS,)),
    Need("champion_left", "rule", (CHAMPION,)),
    Need("nps_drop", "rule", (NPS,)),
    Need("competitor_mention", "rule", (MENTIONS,)),
    Need(
        "contraction_risk",
        "rule",
        (Want("two of usage, tickets, champion, NPS, competitors", (*SUMS, "ticket.opened", "champion.changed")),),
    ),
    Need("renewal_at_risk", "rule", (RENEWS, ANY_HEALTH)),
    Need("health_declining", "rule", (ANY_HEALTH,)),
    Need("health_critical", "rule", (ANY_HEALTH,)),
    Need("dormant_users", "rule", (Want("users given a seat", ("user.provisioned",)),)),
    Need("login_decline", "rule", (Want("sessions", ("session.started",)),)),
    Need("purchased_unused", "rule", (_fact("purchased_features"), Want("features used", ("feature.used",)))),
    Need("milestone_missed", "rule", (SINCE, Want("milestones reached", ("milestone.reached",)))),
    Need("low_seat_use", "rule", (SEATS, WHO, SINCE)),
    Need("source_silent", "rule", (Want("live traffic: files of the past have none", ()),)),
    Need("days_since_onboarding", "criterion", (SINCE,)),
    Need("core_features", "criterion", (Want("features used", ("feature.used",)),)),
    Need("core_departments", "criterion", (DEPARTMENTS, Want("features used by named users", ("feature.used.user",)))),
    Need("health_score", "criterion", (ANY_HEALTH,)),
    Need("active_share_percent", "criterion", (SEATS, WHO)),
    Need("ticket_trend", "criterion", (TICKETS,)),
    Need("sentiment", "criterion", (SCORES,)),
    Need("exec_sponsor", "criterion", (_fact("exec_sponsor"),)),
    Need("qbr_days", "criterion", (Want("QBRs", ("qbr.held",)),)),
    Need("usage", "health", (Want("activity or quantities", (*ACTIVITY, *SUMS)),)),
    Need("engagement", "health", (Want("QBRs or engagement", ("qbr.held", "engagement.recorded")),)),
    Need("support", "health", (TICKETS,)),
    Need("sentiment", "health", (SCORES,)),
    Need("outcomes", "health", (Want("milestones or outcomes", ("milestone.reached", "outcome.achieved")),)),
    Need("stakeholders", "health", (Want("sponsor or champion", ("champion.changed", "stakeholder.added")),)),
)


def needs_under(playbook: Playbook) -> Iterator[Need]:
    """Yield what everything needs under a playbook, whose add-ons name the events that show their problems."""
    for need in NEEDS:
        if need.name == "addon_problem" and playbook.addons:
            yield Need(need.name, need.kind, _addons(playbook))
        else:
            yield need


def _addons(playbook: Playbook) -> tuple[Want, ...]:
    """Return what add-ons need; an account without its first day has only those that may be offered on it."""
    types = tuple(sorted({addon.problem.type for addon in playbook.addons.values()}))
    problems = Want(f"events that an add-on's problem counts ({', '.join(types)})", types)
    dated = all(addon.earliest_day for addon in playbook.addons.values())
    return (problems, SINCE) if dated else (problems,)
