"""What use costs: by metric and day the cost of its events and the quantity of those that have one.

Only quantities of `usage.recorded` count, so those that uses of features add to a metric are kept apart.
Units: millionths. Source: definitions 20, 24, 40 and 75.
"""

from services.signals.core import sharing
from services.signals.core.account import Account
from services.signals.core.terms import Terms
from services.signals.core.use_state import KEPT_DAYS
from services.signals.core.use_sums import Compared, CostWindow, Metric
from services.signals.core.windows import day_sum, prune
from shared.kernel.events.usage_recorded import UsageRecordedProperties
from shared.kernel.quantities import millionths

NAME = "cost_efficiency"


def by_feature(account: Account, name: str, amount: int, day: int) -> None:
    """Note a quantity that the use of a feature has added to a metric."""
    if day == account.head.today:
        today = account.head.use.by_features
        today[name] = today.get(name, 0) + amount
    else:
        cells = account.days.use.by_features.setdefault(name, {})
        cells[day] = cells.get(day, 0) + amount


def is_costly(account: Account, name: str) -> bool:
    """Tell whether any event of a metric has had a cost within the horizon."""
    return name in account.head.use.costs or name in account.days.use.costs


def recorded(account: Account, metric: Metric, given: UsageRecordedProperties, day: int, terms: Terms) -> bool:
    """Note what an event of a metric with costs has cost; tell whether the rule may have been reached."""
    name = given.metric
    if given.cost is not None:
        metric.costly = True
        cost, quantity = millionths(given.cost), millionths(given.quantity)
        if day == account.head.today:
            account.head.use.costs[name] = more(account.head.use.costs.get(name), cost, quantity)
        else:
            cells = account.days.use.costs.setdefault(name, {})
            cells[day] = more(cells.get(day), cost, quantity)
    return reached(account, name, metric, terms)


def more(so_far: tuple[int, int] | None, cost: int, quantity: int) -> tuple[int, int]:
    """Return the cost and the quantity of events that have a cost, with one more."""
    return (cost, quantity) if so_far is None else (so_far[0] + cost, so_far[1] + quantity)


def reached(account: Account, name: str, metric: Metric, terms: Terms) -> bool:
    """Tell whether the rule may be reached for a metric with costs, whose sums have just changed."""
    key = (NAME, name, None)
    if key in account.episodes or not terms.enabled(NAME):
        return False
    if key in account.parked:
        return True
    windows = compared(account, name, metric, terms)
    if windows is None:
        return False
    (amount, whole), percent = unit_costs(*windows), terms.playbook.rules.cost_efficiency.unit_cost_percent
    return amount >= percent * whole


def covered(account: Account, metric: Metric, terms: Terms) -> bool:
    """Tell whether the metric's first event lies on or before the first day of the earlier window."""
    return metric.first_day <= account.head.today - 2 * terms.playbook.rules.cost_efficiency.days + 1


def compared(account: Account, name: str, metric: Metric, terms: Terms) -> tuple[CostWindow, CostWindow] | None:
    """Return what was recorded now and before; None while that cannot be compared or has not grown enough."""
    if not covered(account, metric, terms):
        return None
    rule, found = terms.playbook.rules.cost_efficiency, _windows(account, name, metric, terms)
    today, before = account.head.today, found.before
    if not before.quantity or not before.cost or not before.costed or before.quantity < _floor(terms, name):
        return None
    added = account.head.use.by_features.get(name, 0)
    cost, costed = account.head.use.costs.get(name, (0, 0))
    quantity = found.past.quantity + metric.cells.get(today, 0) - added
    now = CostWindow(quantity, found.past.cost + cost, found.past.costed + costed)
    if not now.costed or now.quantity * 100 < rule.usage_percent * before.quantity:
        return None
    return now, before


def unit_costs(now: CostWindow, before: CostWindow) -> tuple[int, int]:
    """Return the unit cost now as percentage of the one before, as amount and whole."""
    return 100 * now.cost * before.costed, now.costed * before.cost


def _floor(terms: Terms, name: str) -> int:
    rule = terms.playbook.rules.cost_efficiency
    return millionths(rule.floors.get(name, rule.floor))


def _windows(account: Account, name: str, metric: Metric, terms: Terms) -> Compared:
    today = account.head.today
    known = metric.compared
    if known is None or known.today != today or known.terms is not terms:
        days = terms.playbook.rules.cost_efficiency.days
        past = _window(account, name, metric, today - 1, days - 1)
        before = _window(account, name, metric, today - days, days)
        known = metric.compared = Compared(today, terms, past, before)
    return known


def _window(account: Account, name: str, metric: Metric, last_day: int, days: int) -> CostWindow:
    gone, first = account.days.use, last_day - days
    costs = [one for day, one in gone.costs.get(name, {}).items() if first < day <= last_day]
    added = day_sum(gone.by_features.get(name, {}), last_day, days)
    quantity = day_sum(metric.cells, last_day, days) - added
    return CostWindow(quantity, sum(cost for cost, _ in costs), sum(costed for _, costed in costs))


def close_day(account: Account) -> None:
    """Put what the day that has ended, the account's today, has cost with the days before; forget the oldest."""
    head, gone, today = account.head.use, account.days.use, account.head.today
    for name, found in head.costs.items():
        gone.costs.setdefault(name, {})[sharing.number(today)] = found
    for name, amount in head.by_features.items():
        gone.by_features.setdefault(name, {})[sharing.number(today)] = amount
    if head.costs or head.by_features:
        head.costs, head.by_features, account.days_dirty = {}, {}, True


def forget(account: Account) -> None:
    """Forget what has left every window."""
    oldest = account.head.today - KEPT_DAYS
    gone = account.days.use
    for by_metric in (gone.costs, gone.by_features):
        for name in list(by_metric):
            prune(by_metric[name], oldest)
            if not by_metric[name]:
                del by_metric[name]
