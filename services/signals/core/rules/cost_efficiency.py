"""Each unit costs the customer more while more is used: the unit cost of a month against the one before.

Source: playbook section 6, definitions 20, 24, 40 and 75.
"""

from collections.abc import Iterator
from fractions import Fraction

from services.signals.core import use_costs
from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms
from services.signals.core.use_sums import CostWindow
from shared.kernel.quantities import MILLION, as_number

NAME = use_costs.NAME


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: the unit cost in percent of the one before."""
    rule = terms.playbook.rules.cost_efficiency
    return (Level(None, rule.unit_cost_percent * MILLION, ">=", rule.margin_points * MILLION),)


def _compared(account: Account, terms: Terms, name: str) -> tuple[CostWindow, CostWindow] | None:
    metric = account.metrics.get(name)
    return None if metric is None else use_costs.compared(account, name, metric, terms)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the unit cost of each metric with costs whose use has grown enough, as share of the one before."""
    costs, gone = account.head.use.costs, account.days.use.costs
    if not costs and not gone:
        return
    days = terms.playbook.rules.cost_efficiency.days
    for name in sorted(costs.keys() | gone.keys()):
        windows = _compared(account, terms, name)
        if windows is not None:
            amount, whole = use_costs.unit_costs(*windows)
            yield Measure(name, "metric", amount, whole, days)


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell use and unit cost of both windows."""
    metric, days = measure.scope or "", measure.window_days
    windows = _compared(account, terms, metric)
    if windows is None:  # pragma: no cover - there is a value, so there is what it was computed from
        return {"metric": metric, "days": days}, f"the unit cost of {metric} in {days} days"
    now, before = (round(float(Fraction(window.cost, window.costed)), 6) for window in windows)
    used, used_before = (as_number(window.quantity) for window in windows)
    numbers: Numbers = {
        "metric": metric,
        "used": used,
        "used_before": used_before,
        "unit_cost": now,
        "unit_cost_before": before,
        "days": days,
    }
    text = f"{used:,} {metric} at {now:g} each in {days} days after {used_before:,} at {before:g} in those before"
    return numbers, text


def watch(account: Account, terms: Terms) -> None:
    """Note that a late quantity may cover both windows; all else is told by the events of a metric with costs."""
    if not terms.enabled(NAME):
        return
    first = account.head.today - 2 * terms.playbook.rules.cost_efficiency.days + 1
    for name, metric in account.metrics.items():
        if use_costs.is_costly(account, name) and metric.first_day > first:
            account.watch_late = max(account.watch_late, first)


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "percent",
    tell=tell,
    moved_by=FLOOD,
    unmeasured="no metric with costs in both windows whose use has grown enough",
    example="1,200 api_calls at 0.11 each in 30 days after 1,000 at 0.1 in those before = 110 % (≥ 110 %)",
    tuning="""
    Only where `usage.recorded` carries `cost`. `usage_percent` is how much use must have grown, `unit_cost_percent` how
    much a unit must cost more; the unit cost is that of the events with a cost. `floor`, and `floors` by metric, keep
    out what was hardly used before. Quantities of `feature.used` do not count here.
    """,
)
