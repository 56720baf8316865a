"""Use speeds up: a metric's month against the one before it, and, tenfold, against the month that ended long ago.

Source: playbook section 6, definitions 20, 24, 43 and 75.
"""

from collections.abc import Iterator

from services.signals.core import use_windows
from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, least_amount, spent_from
from services.signals.core.terms import Terms
from services.signals.core.use_sums import Metric
from shared.kernel.quantities import MILLION, as_number, millionths

NAME = "usage_velocity"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return both levels: multiples in percent, each of another window before."""
    rule = terms.playbook.rules.usage_velocity
    margin = rule.margin_points * MILLION
    return tuple(
        Level(row.name, row.percent * MILLION, row.comparison, margin, row.owner_role, row.response)
        for row in rule.levels
    )


def _floor(terms: Terms, name: str) -> int:
    """Return what both windows must hold."""
    known: tuple[int, dict[str, int]] | None = terms.memo.get((NAME, "floors"))
    if known is None:
        rule = terms.playbook.rules.usage_velocity
        floors = {metric: millionths(floor) for metric, floor in rule.floors.items()}
        known = terms.memo[NAME, "floors"] = (millionths(rule.floor), floors)
    return known[1].get(name, known[0])


def _before(account: Account, name: str, metric: Metric, terms: Terms) -> tuple[int, tuple[int | None, int | None]]:
    """Return the window that ends today, and what each level compares it with: None where it cannot be compared."""
    rule, today = terms.playbook.rules.usage_velocity, account.head.today
    floor, first = _floor(terms, name), metric.first_day
    if first > today - rule.days + 1 - min(rule.days, rule.gap_days):  # covered for neither
        return 0, (None, None)
    now, before, gap = use_windows.velocity(account, metric, terms)
    growth = before if before >= max(1, floor) and first <= today - 2 * rule.days + 1 else None
    tenfold = gap if gap >= max(1, floor) and first <= today - rule.gap_days - rule.days + 1 else None
    return now, (growth, tenfold)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield each metric's multiples: of the window before, and of the one that ended the gap's days ago."""
    rule, rows = terms.playbook.rules.usage_velocity, ROW.levels_for(terms, None)
    days, gap = rule.days, rule.gap_days
    for name, metric in sorted(account.metrics.items()):
        now, wholes = _before(account, name, metric, terms)
        if now < _floor(terms, name):
            continue
        told: tuple[Numbers, Numbers] = ({}, {"ended_days_ago": gap})
        by_level = {
            str(level.name): Measure(name, "metric", 100 * now, whole, days, numbers)
            for level, whole, numbers in zip(rows, wholes, told, strict=True)
            if whole is not None
        }
        if by_level:
            first = next(iter(by_level.values()))
            yield Measure(name, "metric", first.amount, first.whole, days, {}, "", by_level)


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell both windows of the value."""
    now, before, days = as_number(measure.amount // 100), as_number(measure.whole), measure.window_days
    numbers: Numbers = {"metric": measure.scope, "used": now, "used_before": before, "days": days}
    numbers |= measure.numbers
    when = f"that ended {numbers['ended_days_ago']} days ago" if "ended_days_ago" in numbers else "before"
    return numbers, f"{now:,} {measure.scope} in {days} days after {before:,} in the {days} days {when}"


def watch(account: Account, terms: Terms) -> None:
    """Note on each metric the total of the billing period at which its next level is reached by use of today.

    A late quantity counts towards it too; one that lies before the window may bring a level into being.
    """
    if not terms.enabled(NAME):
        return
    rows = ROW.levels_for(terms, None)
    late = account.head.today - terms.playbook.rules.usage_velocity.days
    for name, metric in account.metrics.items():
        now, wholes = _before(account, name, metric, terms)
        for index in range(spent_from(account, NAME, name, rows), len(rows)):
            level, whole = rows[index], wholes[index]
            if whole is None:
                account.watch_late = max(account.watch_late, late)
                continue
            needed = max(_floor(terms, name), -(-least_amount(level, whole) // 100))
            metric.watch = min(metric.watch, metric.total + needed - now)
            if (NAME, name, level.name) in account.parked:
                account.watch_late = max(account.watch_late, late)


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "percent",
    tell=tell,
    moved_by=FLOOD,
    unmeasured="no metric with two covered windows above the floor",
    example="1,400 api_calls in 30 days after 1,000 in the 30 days before = 140 % (≥ 140 %)",
    tuning="""
    `levels`: `growth` compares with the `days` before, `tenfold` with the `days` that ended `gap_days` ago; each has
    its own value and ends by it. `floor`, and `floors` by metric, is what both windows must hold: raise it for metrics
    that are counted in thousands. The metric's first event must lie before both windows. Levels reported as a gauge are
    not recorded use and do not count.
    """,
)
