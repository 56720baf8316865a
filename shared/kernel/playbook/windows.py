"""How far back each window of the playbook reaches, both together where two are compared.

Source: definitions 35, 43 and 74.
"""

from collections.abc import Iterator

from shared.kernel.playbook.document import Playbook


def compared_days(playbook: Playbook) -> Iterator[tuple[str, int]]:
    """Yield each window's path and the number of days from its first day to today, today included."""
    measures, health, rules = playbook.measures, playbook.health, playbook.rules
    yield "measures.adopted_window_days", measures.adopted_window_days
    yield "measures.active_window_days", measures.active_window_days
    yield "measures.ticket_window_days", 2 * measures.ticket_window_days
    yield "measures.csat_window_days", measures.csat_window_days
    yield "health.usage.days", 2 * health.usage.days
    yield "health.engagement.qbr_days", health.engagement.qbr_days
    yield "health.engagement.engagement_days", health.engagement.engagement_days
    yield "health.support.days", 2 * health.support.days
    yield "health.stakeholders.champion_left_days", health.stakeholders.champion_left_days
    yield "holds.renewal_completed_days", playbook.holds.renewal_completed_days
    yield "whitespace.interest_days", playbook.whitespace.interest_days
    for key, row in playbook.gate.items():
        if row.qbr_days is not None:
            yield f"gate.{key}.qbr_days", row.qbr_days
    for name, addon in playbook.addons.items():
        yield f"addons.{name}.problem.days", addon.problem.days
    for name, product in playbook.products.items():
        if product.problem is not None:
            yield f"products.{name}.problem.days", product.problem.days
    yield "rules.seat_saturation.active_days", rules.seat_saturation.active_days
    # Two windows that both end yesterday, or one today: the day that began is one more.
    yield "rules.usage_decline.days", 2 * rules.usage_decline.days + 1
    yield "rules.login_decline.days", 2 * rules.login_decline.days + 1
    yield "rules.ticket_surge.days", 2 * rules.ticket_surge.days
    yield "rules.cost_efficiency.days", 2 * rules.cost_efficiency.days
    velocity = rules.usage_velocity
    yield "rules.usage_velocity.days", 2 * velocity.days
    yield "rules.usage_velocity.gap_days", velocity.gap_days + velocity.days
    yield "rules.department_expansion.new_days", rules.department_expansion.new_days
    for name in _ENDED_WINDOWS:
        yield f"rules.{name}.days", getattr(rules, name).days + 1
    for name in _WINDOWS:
        yield f"rules.{name}.days", getattr(rules, name).days


_ENDED_WINDOWS = ("power_user", "low_seat_use", "purchased_unused")
_WINDOWS = (
    "limit_hit_again",
    "gated_exploration",
    "feature_gap",
    "headcount_growth",
    "department_expansion",
    "department_adjacent",
    "buying_intent",
    "sustained_health",
    "compound",
    "competitor_mention",
    "contraction_risk",
    "health_declining",
)
