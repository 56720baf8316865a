"""Health has come down from where it stood within the month.

Source: playbook section 7, definitions 36 and 55.
"""

from collections.abc import Iterator

from services.signals.core import health, rooms, standing
from services.signals.core.account import Account
from services.signals.core.rules.movers import HEALTH
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION

NAME = "health_declining"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: so many points down."""
    rule = terms.playbook.rules.health_declining
    return (Level(None, rule.drop_points * MILLION, ">=", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the greatest health recorded at the changes of day of the window, less the present one."""
    days = terms.playbook.rules.health_declining.days
    peak = standing.peak(account, days)
    present = None if peak is None else health.score(account, terms)
    if peak is not None and present is not None:
        above = peak.numerator * present.denominator - present.numerator * peak.denominator
        yield Measure(None, None, above, peak.denominator * present.denominator, days, {}, "")


def tell(account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Return where health stood and stands."""
    days = measure.window_days or 0
    before = float(standing.peak(account, days) or 0)
    now = before - measure.amount / measure.whole
    numbers: Numbers = {"health": round(now, 2), "highest": round(before, 2), "days": days}
    drop = measure.amount / measure.whole
    way = f"{abs(drop):.4g} points {'below' if drop > 0 else 'above'}" if drop else "at"
    return numbers, f"health {now:.4g} is {way} its highest of {days} days, {before:.4g}"


def watch(account: Account, terms: Terms) -> None:
    """Note what activity may lower health."""
    rule = terms.playbook.rules.health_declining
    peak = standing.peak(account, rule.days) if rooms.low(account, terms, NAME) else None
    if peak is not None:
        rooms.recover(account, terms, peak - rule.drop_points)


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "points",
    tell=tell,
    moved_by=HEALTH,
    single=True,
    unmeasured="no health now, or none recorded at a change of day",
    example="health 61 is 17 points below its highest of 30 days, 78 (≥ 10)",
    tuning="The highest of the window is one that a change of day has seen. Lower `drop_points` to hear earlier; where "
    "health swings with single tickets, lower the weight of support instead.",
)
