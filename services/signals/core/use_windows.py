"""The sums of a metric's windows without today's, rolled from day to day and computed anew after a late quantity.

Units: millionths. Source: definitions 20, 24, 26, 43 and 53.
"""

from services.signals.core.account import Account
from services.signals.core.terms import Terms
from services.signals.core.use_sums import Metric, Windows
from services.signals.core.windows import day_sum

VELOCITY, VELOCITY_BEFORE, VELOCITY_GAP, DECLINE, DECLINE_BEFORE, HEALTH, HEALTH_BEFORE = range(7)


def _shapes(terms: Terms) -> tuple[tuple[int, int], ...]:
    """Return how many days before today each window ends, and how many it has; those that end today lack today."""
    velocity, decline = terms.playbook.rules.usage_velocity, terms.playbook.rules.usage_decline
    days, quarter, trend = velocity.days, decline.days, terms.health_days
    of_rules = (1, days - 1), (days, days), (velocity.gap_days, days), (1, quarter - 1), (quarter, quarter)
    return (*of_rules, (1, trend - 1), (trend, trend))


def _windows(account: Account, metric: Metric, terms: Terms) -> list[int]:
    today = account.head.today
    known = metric.windows
    if known is not None and known.today == today and known.terms is terms:
        return known.sums
    shapes: tuple[tuple[int, int], ...] | None = terms.memo.get(("windows of use", None))
    if shapes is None:
        shapes = terms.memo["windows of use", None] = _shapes(terms)
    cells = metric.cells
    if known is None or known.today != today - 1 or known.terms is not terms:
        known = metric.windows = Windows(today, terms, [day_sum(cells, today - back, days) for back, days in shapes])
    else:
        known.today, sums = today, known.sums
        for number, (back, days) in enumerate(shapes):
            sums[number] += cells.get(today - back, 0) - cells.get(today - back - days, 0)
    return known.sums


def velocity(account: Account, metric: Metric, terms: Terms) -> tuple[int, int, int]:
    """Return a metric's window that ends today, the one before it, and the one that ends the gap's days ago."""
    sums = _windows(account, metric, terms)
    today = metric.cells.get(account.head.today, 0)
    return sums[VELOCITY] + today, sums[VELOCITY_BEFORE], sums[VELOCITY_GAP]


def decline(account: Account, metric: Metric, terms: Terms) -> tuple[int, int]:
    """Return a metric's long window that ends today, and the one before it."""
    sums = _windows(account, metric, terms)
    return sums[DECLINE] + metric.cells.get(account.head.today, 0), sums[DECLINE_BEFORE]


def health(account: Account, metric: Metric, terms: Terms) -> tuple[int, int]:
    """Return a metric's window of health that ends today, and the one before it."""
    sums = _windows(account, metric, terms)
    return sums[HEALTH] + metric.cells.get(account.head.today, 0), sums[HEALTH_BEFORE]
