"""The row of a one-off: a rule whose every event is an episode of its own.

Source: definition 16.
"""

from collections.abc import Callable, Iterator

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.events.envelope import Event
from shared.kernel.quantities import MILLION


def one_off(
    name: str,
    happening: Callable[[Account, Terms, Event], Iterator[Measure]],
    waits_for: str,
    *,
    example: str = "",
    tuning: str = "",
) -> RuleRow:
    """Return the row of a rule that fires for each event of which `happening` yields 1 or more."""

    def levels(_terms: Terms) -> tuple[Level, ...]:
        return (Level(None, MILLION, ">=", 0),)

    def stands_days(terms: Terms) -> int:
        days: int = getattr(terms.playbook.rules, name).stands_days
        return days

    return RuleRow(
        name,
        levels,
        lambda _account, _terms: iter(()),
        no_watch,
        "count",
        happening=happening,
        stands_days=stands_days,
        unmeasured=f"waits for {waits_for}",
        example=example,
        tuning=tuning,
    )
