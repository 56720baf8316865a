"""The champion was promoted, or moved within the company: the same conviction with more reach.

Source: playbook section 6, definition 16.
"""

from services.signals.core.rules.one_off import champion, one_off
from services.signals.core.rules.row import RuleRow
from shared.kernel.events.champion_changed import ChampionChanged

ROW: RuleRow = one_off(
    "champion_promoted",
    champion({"promoted": "was promoted", "moved": "moved within the company"}),
    "a champion who is promoted or moves within the company",
    moved_by=frozenset({ChampionChanged}),
    example="the champion Kim Lee was promoted on 2026-03-06 (≥ 1)",
    tuning="Comes with `champion.changed`; a champion who moves away or leaves is `champion_left`'s.",
)
