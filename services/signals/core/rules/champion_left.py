"""The champion left the company or moved away: whoever comes next must be won anew.

Source: playbook section 7, definition 16.
"""

from services.signals.core.rules.one_off import champion, one_off
from services.signals.core.rules.row import RuleRow
from shared.kernel.events.champion_changed import ChampionChanged

ROW: RuleRow = one_off(
    "champion_left",
    champion({"left": "left the company", "moved_away": "moved away"}),
    "a champion who leaves or moves away",
    moved_by=frozenset({ChampionChanged}),
    example="the champion Kim Lee left the company on 2026-03-06 (≥ 1)",
    tuning="""
    Counts towards `contraction_risk` for `rules.contraction_risk.days`, and takes points from health for
    `health.stakeholders.champion_left_days`.
    """,
)
