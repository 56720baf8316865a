"""The rules, one file and one row each, in the order in which they are looked at (definition 33)."""

from services.signals.core.rules import (
    contract_milestone,
    gated_exploration,
    headcount_growth,
    power_user,
    qbr_outcome,
    seat_saturation,
    source_silent,
    usage_ceiling,
)
from services.signals.core.rules.ops_row import OpsRow
from services.signals.core.rules.row import RuleRow

RULES: tuple[RuleRow, ...] = (
    usage_ceiling.ROW,
    seat_saturation.ROW,
    gated_exploration.ROW,
    headcount_growth.ROW,
    power_user.ROW,
    contract_milestone.ROW,
    qbr_outcome.ROW,
)
BY_NAME: dict[str, RuleRow] = {row.name: row for row in RULES}
OPS_RULES: tuple[OpsRow, ...] = (source_silent.ROW,)  # about the installation, not about accounts
