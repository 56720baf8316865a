"""The rules, one file and one row each, in the order in which they are looked at (definition 33)."""

from services.signals.core.rules import (
    champion_left,
    champion_promoted,
    competitor_mention,
    compound,
    contract_milestone,
    contraction_risk,
    cross_sell_fit,
    executive_interest,
    gated_exploration,
    headcount_growth,
    health_critical,
    health_declining,
    milestone_missed,
    organisational_change,
    outcome_achieved,
    power_user,
    qbr_outcome,
    renewal_at_risk,
    renewed_advocate,
    seat_saturation,
    source_silent,
    sustained_health,
    ticket_surge,
    usage_ceiling,
)
from services.signals.core.rules.ops_row import OpsRow
from services.signals.core.rules.row import RuleRow

RULES: tuple[RuleRow, ...] = (
    ticket_surge.ROW,
    champion_left.ROW,
    competitor_mention.ROW,
    health_declining.ROW,
    health_critical.ROW,
    milestone_missed.ROW,
    contraction_risk.ROW,
    renewal_at_risk.ROW,
    usage_ceiling.ROW,
    seat_saturation.ROW,
    gated_exploration.ROW,
    headcount_growth.ROW,
    power_user.ROW,
    contract_milestone.ROW,
    qbr_outcome.ROW,
    outcome_achieved.ROW,
    champion_promoted.ROW,
    executive_interest.ROW,
    organisational_change.ROW,
    renewed_advocate.ROW,
    sustained_health.ROW,
    cross_sell_fit.ROW,
    compound.ROW,
)
BY_NAME: dict[str, RuleRow] = {row.name: row for row in RULES}
OPS_RULES: tuple[OpsRow, ...] = (source_silent.ROW,)  # about the installation, not about accounts
