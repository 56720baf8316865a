"""The customer reached a primary outcome: what it bought the product for.

Source: playbook section 6, definition 16.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.one_off import day_told, happened, one_off
from services.signals.core.rules.row import Measure, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.events.envelope import Event
from shared.kernel.events.outcome_achieved import OutcomeAchieved


def happening(_account: Account, _terms: Terms, event: Event) -> Iterator[Measure]:
    """Yield 1 for a primary outcome."""
    if isinstance(event, OutcomeAchieved) and event.properties.primary:
        outcome = event.properties.outcome
        yield happened(event, {"outcome": outcome}, f"primary outcome achieved on {day_told(event)}: {outcome}")


ROW: RuleRow = one_off(
    "outcome_achieved",
    happening,
    "a primary outcome",
    moved_by=frozenset({OutcomeAchieved}),
    example="primary outcome achieved on 2026-03-06: Close the books in a day (≥ 1)",
    tuning="""
    Send `primary: true` only with the outcomes that the customer bought the product for; others count towards health
    and say nothing here.
    """,
)
