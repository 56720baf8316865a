"""The contract was renewed by a customer who recommends the product: the best moment to talk about more.

Source: playbook section 6, definitions 14 and 16.
"""

from collections.abc import Iterator
from fractions import Fraction

from services.signals.core.account import Account
from services.signals.core.rules.one_off import day_told, happened, one_off
from services.signals.core.rules.row import Measure, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.events.envelope import Event
from shared.kernel.events.renewal_completed import RenewalCompleted
from shared.kernel.quantities import MILLION


def threshold(terms: Terms) -> int:
    """Return the NPS that makes an advocate, in millionths."""
    return terms.playbook.rules.renewed_advocate.nps * MILLION


def happening(account: Account, _terms: Terms, event: Event) -> Iterator[Measure]:
    """Yield the account's latest NPS when a renewal is completed."""
    if isinstance(event, RenewalCompleted) and account.head.nps is not None:
        given, months = account.head.nps[0], event.properties.term_months
        text = f"renewed on {day_told(event)} for {months} months, with a latest NPS of {given:g}"
        yield happened(event, {"nps": given, "term_months": months}, text, Fraction(given))


ROW: RuleRow = one_off(
    "renewed_advocate",
    happening,
    "a renewal by an advocate",
    threshold=threshold,
    unit="points",
    moved_by=frozenset({RenewalCompleted}),
    example="renewed on 2026-03-06 for 12 months, with a latest NPS of 9 (≥ 9)",
    tuning="""
    `nps` is compared with the latest answer of anybody on the account, however old. Without an answer nothing fires.
    """,
)
