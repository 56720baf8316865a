"""The rules, one file and one row each, in the order in which they are looked at (definition 33)."""

from services.signals.core.rules import gated_exploration, seat_saturation, usage_ceiling
from services.signals.core.rules.row import RuleRow

RULES: tuple[RuleRow, ...] = (usage_ceiling.ROW, seat_saturation.ROW, gated_exploration.ROW)
BY_NAME: dict[str, RuleRow] = {row.name: row for row in RULES}
