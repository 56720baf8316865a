"""What a stretch of quiet events adds to metrics, one after the other, as long as no sum that is watched comes near.

Source: design (throughput), definitions 12, 20, 40 and 75.
"""

from mypy_extensions import mypyc_attr

from services.signals.core import sharing, use_costs, use_problems, use_sources
from services.signals.core.account import Account
from services.signals.core.terms import Terms
from services.signals.core.use_sums import Metric
from shared.kernel.quantities import MILLION

FREE = -1  # without a cost


@mypyc_attr(acyclic=True)
class Sum:
    """What has been added to the metric at hand.

    Shape: `_added` is all that it will be told of, `_fed` what of it uses of features have added; `_most` is how much
    may be added. `_costs` are the costs of the few quantities that have one, by their place, in millionths.
    """

    __slots__ = ("_account", "_added", "_costs", "_fed", "_feeds", "_metric", "_most", "_name", "_source", "_terms")

    def __init__(self, account: Account, terms: Terms, source: str, costs: dict[int, int] | None) -> None:
        self._account, self._terms, self._source, self._costs = account, terms, source, costs
        self._metric: Metric | None = None
        self._name, self._most, self._added, self._fed, self._feeds = "", 0, 0, 0, False

    def record(self, name: str, quantity: int, place: int) -> bool:
        """Add a quantity to a metric, if it is quiet."""
        metric = self._metric if self.has_room(name, quantity) else None
        if metric is None:
            return False
        costs = self._costs
        cost = costs.get(place, FREE) if costs else FREE
        if metric.costly or cost != FREE:
            return self._costs_little(metric, name, quantity, cost)
        self._added += quantity
        return True

    def feed(self, quantity: int) -> None:
        """Add a quantity of a use of a feature, which has room."""
        self._added += quantity
        self._fed += quantity
        self._feeds = True

    def has_room(self, name: str, quantity: int) -> bool:
        """Tell whether a quantity of today brings a metric to nothing that is watched."""
        return (name == self._name or self._turn_to(name)) and self._added + quantity <= self._most

    def _turn_to(self, name: str) -> bool:
        """Go on with another metric; tell whether its quantities of today may be quiet."""
        self.add_up()
        account, today = self._account, self._account.head.today
        metric = account.metrics.get(name)
        if metric is None or today < metric.first_day:
            self._name, self._metric = "", None
            return False
        if metric.heard.get(self._source) != today:
            use_sources.heard(account, name, metric, self._source, today)
        if today not in metric.cells:
            metric.cells[sharing.number(today)] = 0  # whoever takes the event adds to it
        self._name, self._metric = name, metric
        self._most = min(use_problems.ANY, (metric.watch - metric.total - 1) // MILLION)
        return True

    def add_up(self) -> None:
        """Add what has come to the metric at hand."""
        metric, added = self._metric, self._added
        if metric is None or not (added or self._feeds):
            return
        metric.cells[self._account.head.today] += added * MILLION
        metric.total += added * MILLION
        if self._feeds:
            fed = self._account.head.use.by_features
            fed[self._name] = fed.get(self._name, 0) + self._fed * MILLION
        self._most -= added
        self._added, self._fed, self._feeds = 0, 0, False

    def _costs_little(self, metric: Metric, name: str, quantity: int, cost: int) -> bool:
        """Add a quantity of a metric with costs, perhaps one more, if nobody need look at the rules; tell whether."""
        self.add_up()
        self._added = quantity
        self.add_up()
        costs = self._account.head.use.costs
        before = costs.get(name)
        if cost >= 0:
            metric.costly = True
            costs[name] = use_costs.more(before, cost, quantity * MILLION)
        if not use_costs.reached(self._account, name, metric, self._terms):
            return True
        self._added = -quantity
        self.add_up()
        if cost >= 0:
            if before is None:
                del costs[name]
            else:
                costs[name] = before
        return False
