"""All rules of the oracle, in the order in which they are looked at (definition 33).

To plug a rule in: write its `Row` into the `ROWS` of its module, and the module into `MODULES`.
"""

from tests.oracle import derived, growth, one_offs, people, standing, use, values, whitespace
from tests.oracle.rows import Row

ORDER = (
    "usage_decline",
    "ticket_surge",
    "champion_left",
    "nps_drop",
    "competitor_mention",
    "health_declining",
    "health_critical",
    "dormant_users",
    "login_decline",
    "purchased_unused",
    "milestone_missed",
    "low_seat_use",
    "contraction_risk",
    "renewal_at_risk",
    "usage_ceiling",
    "limit_hit_again",
    "seat_saturation",
    "gated_exploration",
    "feature_gap",
    "addon_problem",
    "headcount_growth",
    "power_user",
    "contract_milestone",
    "qbr_outcome",
    "usage_velocity",
    "department_expansion",
    "department_adjacent",
    "outcome_achieved",
    "champion_promoted",
    "executive_interest",
    "buying_intent",
    "organisational_change",
    "renewed_advocate",
    "sustained_health",
    "cost_efficiency",
    "cross_sell_fit",
    "compound",
)
MODULES = (values, growth, use, derived, people, standing, whitespace, one_offs)
_ROWS: dict[str, Row] = {row.name: row for module in MODULES for row in module.ROWS}
ROWS: tuple[Row, ...] = tuple(_ROWS[name] for name in ORDER if name in _ROWS)
RULES: tuple[str, ...] = tuple(row.name for row in ROWS)
ONE_OFFS: tuple[str, ...] = tuple(row.name for row in ROWS if row.happening)
