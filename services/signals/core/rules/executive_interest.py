"""An executive asks for a capability, or joins as a stakeholder.

Source: playbook section 6, definition 16.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.measures import Numbers
from services.signals.core.rules.one_off import day_told, happened, one_off
from services.signals.core.rules.row import Measure, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.events.envelope import Event
from shared.kernel.events.stakeholder_added import StakeholderAdded


def happening(_account: Account, _terms: Terms, event: Event) -> Iterator[Measure]:
    """Yield 1 for an executive's request, and for an executive who is added."""
    if isinstance(event, CapabilityRequested) and event.properties.by_executive:
        asked = event.properties
        numbers: Numbers = {"product": asked.product, "feature": asked.feature}
        wanted = " of ".join(name for name in (asked.feature, asked.product) if name) or "a capability"
        yield happened(event, numbers, f"an executive asked for {wanted} on {day_told(event)}")
    elif isinstance(event, StakeholderAdded) and event.properties.role == "executive":
        yield happened(event, {}, f"an executive joined as a stakeholder on {day_told(event)}")


ROW: RuleRow = one_off(
    "executive_interest",
    happening,
    "an executive who asks for a capability or joins",
    moved_by=frozenset({CapabilityRequested, StakeholderAdded}),
    example="an executive asked for forecasts of Analytics on 2026-03-06 (≥ 1)",
    tuning="""
    Comes with `capability.requested` and `by_executive: true`, and with `stakeholder.added` of the role `executive`;
    set the flag only for people who can decide on a budget.
    """,
)
