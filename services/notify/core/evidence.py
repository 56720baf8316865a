"""What happened, in words and numbers: `46 of 50 seats active in 7 days = 92 % (> 90 %)`.

The rule's own sentence (`evidence.summary`) is taken; without one, one is built from the numbers compared.
"""

from services.notify.core.figures import number, words_of
from shared.kernel.triggers import Evidence, Trigger

HEADLINES = {
    "usage_ceiling": "Close to a plan limit",
    "limit_hit_again": "Hit the same limit again",
    "seat_saturation": "Seats are nearly full",
    "gated_exploration": "Exploring features beyond the plan",
    "feature_gap": "Keeps trying a feature it does not have",
    "addon_problem": "Shows the problem an add-on solves",
    "headcount_growth": "The company is growing",
    "power_user": "A power user has emerged",
    "contract_milestone": "Renewal in sight, and healthy",
    "qbr_outcome": "A business review named a need we can meet",
    "usage_velocity": "Usage is accelerating",
    "department_expansion": "A new department has started using it",
    "department_adjacent": "A neighbouring department could use it",
    "outcome_achieved": "Achieved a primary outcome",
    "champion_promoted": "The champion moved up",
    "executive_interest": "An executive is interested",
    "buying_intent": "Shows buying intent",
    "organisational_change": "News about the company",
    "renewed_advocate": "Renewed, and an advocate",
    "sustained_health": "Healthy for a month",
    "cost_efficiency": "Cost per unit is rising",
    "cross_sell_fit": "A good fit for another product",
    "compound": "Several signals at once",
    "contraction_risk": "Signs of contraction",
    "nps_drop": "Somebody is much less content",
    "health_critical": "Health is critical",
    "dormant_users": "Users who never came",
    "low_seat_use": "Few of its seats are used",
    "source_silent": "Has fallen silent",
}
SIGNS = {"percent": " %", "points": " points", "score": " points"}
COMPARISONS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}


def headline(trigger: Trigger) -> str:
    """Return what happened in a few words, without names or numbers."""
    return HEADLINES.get(trigger.rule) or words_of(trigger.rule)


def explain(trigger: Trigger) -> str:
    """Return the evidence as one sentence without its full stop."""
    summary = trigger.evidence.summary.strip().rstrip(".")
    if summary:
        return summary
    scope = f" ({trigger.scope})" if trigger.scope else ""
    window = f" in {trigger.window_days} days" if trigger.window_days else ""
    return f"{words_of(trigger.rule)}{scope}{window} = {compared(trigger.evidence)}"


def compared(evidence: Evidence) -> str:
    """Return the value against its threshold: `92 % (> 90 %)`."""
    sign = SIGNS.get(evidence.unit, f" {evidence.unit}".rstrip())
    return f"{number(evidence.value)}{sign} ({COMPARISONS[evidence.comparison]} {number(evidence.threshold)}{sign})"
