"""Health is below the critical line.

Source: playbook sections 5 and 7.
"""

from collections.abc import Iterator
from fractions import Fraction

from services.signals.core import health, rooms
from services.signals.core.account import Account
from services.signals.core.rules.movers import HEALTH
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION

NAME = "health_critical"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: below the critical line, which stands with health."""
    margin = terms.playbook.rules.health_critical.margin_points * MILLION
    return (Level(None, terms.playbook.health.critical * MILLION, "<", margin),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield health."""
    score = health.score(account, terms)
    if score is not None:
        yield Measure(None, None, score.numerator, score.denominator, None, {}, "")


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Return health with its components, the weakest named."""
    shown = round(measure.amount / measure.whole, 2)
    numbers: Numbers = {"health": shown}
    parts = {name: round(float(value), 2) for name, value in health.components(account, terms).items()}
    numbers |= parts
    given = account.fact("health_score") is not None
    weakest = "" if given or not parts else f", weakest in {min(parts, key=lambda name: parts[name])}"
    return numbers, f"health {shown:.4g}{weakest}"


def watch(account: Account, terms: Terms) -> None:
    """Note what activity may lower health."""
    if rooms.low(account, terms, NAME):
        rooms.recover(account, terms, Fraction(terms.playbook.health.critical))


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "points",
    tell=tell,
    moved_by=HEALTH,
    single=True,
    unmeasured="no health",
    example="health 41.67, weakest in usage (< 50)",
    tuning="The line is `health.critical`; it is also the line that cards and reports call critical. `margin_points` "
    "says how far above it health must be before the rule can fire again.",
)
