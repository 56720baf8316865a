"""The playbooks that made-up companies are judged by: windows of a few days, in which every rule comes to fire."""

from shared.kernel.playbook import Playbook
from shared.kernel.playbook.risk import Rules
from tests.oracle.writing import WIDE_OPEN, only, playbook

MIDDLE: dict[str, object] = {
    "measures.adopted_days": 2,
    "gate.smb": WIDE_OPEN["gate.smb"] | {"core_features": 1, "health_score": 50, "sentiment": 6},  # type: ignore[operator]  # a group of criteria is a dict
    "gate.mid_market.core_features": 1,
    "gate.mid_market.unknown": dict.fromkeys(
        ("days_since_onboarding", "health_score", "active_share_percent", "sentiment"), "leave_out"
    ),
    "gate.enterprise.core_features": 2,
    "gate.enterprise.health_score": 60,
    "gate.enterprise.active_share_percent": 20,
}
SHARP: dict[str, object] = {
    "rules.seat_saturation.active_percent": 50,
    "rules.seat_saturation.assigned_percent": 60,
    "rules.seat_saturation.active_days": 2,
    "rules.usage_ceiling.levels": [
        {"name": "nurture", "percent": 40, "comparison": ">"},
        {"name": "outreach", "percent": 60, "comparison": ">="},
        {"name": "owner", "percent": 80, "comparison": ">="},
        {"name": "executive", "percent": 90, "comparison": ">"},
    ],
    "rules.gated_exploration.features": 2,
    "rules.headcount_growth.days": 9,
    "rules.power_user": {
        "play": "department_expansion",
        "margin_points": 20,
        "percent": 150,
        "acts": 3,
        "active_users": 2,
        "days": 3,
    },
    "rules.contract_milestone.from_days": 10,
    "rules.contract_milestone.to_days": 40,
    "rules.qbr_outcome.stands_days": 5,
    "roadmap": ["A PONY", "Data residency"],
    "health.green": 90,
    "plans.Starter.annual": True,
}
USED: dict[str, object] = {
    "rules.limit_hit_again.days": 9,
    "rules.gated_exploration.features": 2,
    "rules.feature_gap.days": 4,
    "rules.feature_gap.times": 2,
    "rules.usage_velocity.days": 2,
    "rules.usage_velocity.gap_days": 3,
    "rules.usage_velocity.floor": 10,
    "rules.usage_velocity.floors": {"storage_gb": 1},
    "rules.usage_velocity.levels": [
        {"name": "growth", "percent": 140, "comparison": ">="},
        {"name": "tenfold", "percent": 300, "comparison": ">"},
    ],
    "rules.cost_efficiency.days": 2,
    "rules.cost_efficiency.usage_percent": 101,
    "rules.cost_efficiency.unit_cost_percent": 101,
    "rules.usage_decline.days": 2,
    "rules.login_decline.days": 2,
    "rules.login_decline.sessions": 2,
    "rules.purchased_unused.days": 3,
    "addons": {
        "Priority Support": {
            "price": 300,
            "problem": {"type": "ticket.opened", "count": 2, "days": 4, "where": {"severity": "high"}},
        },
        "Bulk Import": {
            "price": 150,
            "problem": {"type": "feature.used", "count": 2, "days": 3, "where": {"feature": "imports"}},
            "earliest_day": 20,
            "prerequisites": ["reports"],
        },
        "Quota": {"price": 10, "problem": {"type": "usage.recorded", "count": 3, "days": 2}},
    },
}
PEOPLE: dict[str, object] = {
    "rules.department_expansion": {
        "play": "department_pilot",
        "margin_percent": 5,
        "margin_minimum": 1,
        "users": 1,
        "days": 3,
        "new_days": 9,
        "after_onboarding_days": 5,
    },
    "rules.department_adjacent.days": 3,
    "rules.buying_intent.days": 4,
    "rules.dormant_users.users": 1,
    "rules.dormant_users.provisioned_days": 2,
    "rules.low_seat_use.days": 3,
    "rules.low_seat_use.percent": 60,
}
STANDING: dict[str, object] = {
    "rules.ticket_surge.days": 3,
    "rules.ticket_surge.tickets": 2,
    "rules.competitor_mention.days": 3,
    "rules.contraction_risk.days": 6,
    "rules.health_declining.days": 4,
    "rules.sustained_health.days": 3,
    "rules.sustained_health.health_score": 70,
    "rules.cross_sell_fit.score": 50,
    "rules.compound.days": 6,
    "whitespace.interest_days": 9,
    "milestones.smb": [{"name": "first_dashboard", "due_days": 7}, {"name": "first_report", "due_days": 115}],
    "products": {
        "Insights": {"price": 800, "adjacent_to": ["Core"], "industries": ["SaaS"], "features": ["forecasting"]},
        "Connect": {"price": 500, "adjacent_to": ["Insights"], "industries": ["Retail"], "features": ["sso"]},
    },
}
SHORT_STANDS: dict[str, object] = {
    f"rules.{name}.stands_days": 4
    for name in (
        "outcome_achieved",
        "champion_promoted",
        "champion_left",
        "executive_interest",
        "organisational_change",
        "renewed_advocate",
    )
}
SMALL = USED | PEOPLE | STANDING | SHORT_STANDS | {"rules.power_user": SHARP["rules.power_user"]}
WIDE: dict[str, object] = {
    "measures.adopted_window_days": 60,
    "measures.active_window_days": 60,
    "measures.ticket_window_days": 50,
    "health.usage.days": 45,
    "rules.seat_saturation.active_days": 40,
    "rules.gated_exploration.days": 90,
    "rules.power_user.days": 60,
    "rules.power_user.acts": 4,
    "rules.power_user.active_users": 2,
    "rules.usage_decline.days": 20,
    "rules.compound.days": 90,
    "rules.contraction_risk.rules": 1,
    "holds.contraction_risk": False,
}
EVERY_RULE = only(*Rules.__struct_fields__)
OPEN = WIDE_OPEN | EVERY_RULE | {f"gate.{segment}": WIDE_OPEN["gate.smb"] for segment in ("mid_market", "enterprise")}
PLAYBOOKS: dict[str, Playbook] = {
    name: playbook(changes | {"version": name})
    for name, changes in {
        "strict": {},
        "open": OPEN,
        "middle": MIDDLE,
        "sharp": OPEN | SHARP,
        "small": OPEN | SMALL,
        "fine": MIDDLE | SHARP | SMALL | {"rules.compound.rules": 2, "rules.contraction_risk.rules": 1},
        "silent": OPEN | SMALL | {"rules.seat_saturation.enabled": False, "rules.contraction_risk.enabled": False},
        "wide": MIDDLE | WIDE,
    }.items()
}
