"""How well a product that the account lacks would fit it, straight from the playbook's table.

Where the definitions leave a choice, by the number of the entry:

- 41: names of products and industries are compared without regard to case and outer blanks, features as they are. A
  request that names both a product and one of its features counts once. Budget: how many months the budget's month is
  ahead of the present one, round the year.
- 41: the newest quintiles by `at` hold from their record on, whatever playbook they were made with. Usage per seat is
  the number of events that make somebody active, of whomever, in the window of active users, by the seats in force.
  Without seats or bounds the depth is the lowest fifth's.

Source: playbook section 6 (whitespace), definition 41.
"""

from collections.abc import Iterator
from fractions import Fraction

from shared.kernel.clock import date_from_day
from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.offers import Product
from tests.oracle.health import exact
from tests.oracle.history import ACTIVITY, Facts
from tests.oracle.rows import Row, View
from tests.oracle.value import Value, pointed


def same(name: str) -> str:
    """Return a name as names are compared."""
    return name.strip().casefold()


def owned(facts: Facts) -> set[str]:
    """Return the products that the account has, as names are compared."""
    products = facts["products"] or []
    assert isinstance(products, list)
    return {same(product) for product in products}


def fit(facts: Facts, playbook: Playbook, product: Product) -> int:
    """Return the factor of industry and neighbouring product."""
    industry = facts["industry"]
    found = isinstance(industry, str) and same(industry) in {same(name) for name in product.industries}
    neighbour = bool(owned(facts) & {same(name) for name in product.adjacent_to})
    factors = playbook.whitespace.fit
    return (factors.none, factors.one, factors.both)[found + neighbour]


def depth(view: View) -> int:
    """Return the factor of usage per seat among the accounts of the segment."""
    factors = view.playbook.whitespace.quintiles
    seats, bounds = view.facts["seats"], view.world.quintiles.get(view.segment)
    if not isinstance(seats, int) or seats <= 0 or bounds is None:
        return factors[0]
    first = view.today - view.playbook.measures.active_window_days + 1
    per_seat = Fraction(len(view.history.within(first, view.today, *ACTIVITY)), seats)
    return factors[sum(exact(bound) < per_seat for bound in bounds)]


def interest(view: View, name: str, product: Product) -> int:
    """Return the factor of the requests that speak of a product or of one of its features."""
    model = view.playbook.whitespace
    requests = view.history.within(view.today - model.interest_days + 1, view.today, CapabilityRequested)
    found = sum(
        same(request.properties.product or "") == same(name) or request.properties.feature in product.features
        for request in requests
    )
    return [step.factor for step in model.interest if step.requests <= found][-1]


def budget(view: View) -> int:
    """Return the factor of how near the budget's month is."""
    factors = view.playbook.whitespace.budget
    month = view.facts["budget_month"]
    if not isinstance(month, int):
        return factors.none
    ahead = (month - date_from_day(view.today).month) % 12
    if ahead <= 1:
        return factors.now
    return factors.near if ahead <= factors.near_months else factors.none


def champion(view: View) -> int:
    """Return the factor of an executive sponsor and a champion."""
    factors = view.playbook.whitespace.champion
    found = bool(view.facts["exec_sponsor"]) + bool(view.facts["champion"])
    return (factors.none, factors.one, factors.both)[found]


def cross_sell_fit(view: View) -> Iterator[Value]:
    """Score each product that the account does not own."""
    rule = view.playbook.rules.cross_sell_fit
    weights = view.playbook.whitespace.weights
    for name, product in view.playbook.products.items():
        if same(name) in owned(view.facts):
            continue
        score = (
            weights.fit * fit(view.facts, view.playbook, product)
            + weights.depth * depth(view)
            + weights.interest * interest(view, name, product)
            + weights.budget * budget(view)
            + weights.champion * champion(view)
        )
        yield Value("cross_sell_fit", name, Fraction(20 * score, 100), (pointed(rule, rule.score),))


ROWS = (Row("cross_sell_fit", cross_sell_fit),)
