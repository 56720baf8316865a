"""Health was high at every change of day for a month: a good time to talk.

Source: playbook section 6, definitions 36 and 56.
"""

from collections.abc import Iterator

from services.signals.core import standing
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION

NAME = "sustained_health"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: so high at the least."""
    rule = terms.playbook.rules.sustained_health
    return (Level(None, rule.health_score * MILLION, ">=", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the lowest health recorded at the changes of day of the window; nothing when one had none."""
    days = terms.playbook.rules.sustained_health.days
    lowest = standing.lowest(account, days)
    if lowest is not None:
        yield Measure(None, None, *lowest, days)


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Return the lowest health of the window."""
    lowest = round(measure.amount / measure.whole, 2)
    numbers: Numbers = {"lowest": lowest, "days": measure.window_days}
    return numbers, f"health at least {lowest:.4g} at each of the last {measure.window_days} changes of day"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "points",
    by_day="begins",
    tell=tell,
    single=True,
    unmeasured="not as many changes of day with health yet",
    example="health at least 88 at each of the last 30 changes of day (≥ 85)",
    tuning="One bad morning begins the count anew, so lower `health_score` before you shorten `days`. A day without "
    "any data for health does not count as high.",
)
