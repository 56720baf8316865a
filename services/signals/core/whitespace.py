"""Whitespace: how well a product that an account does not own would fit it, as five factors of 1 to 5.

Source: playbook section 6, definition 41.
"""

from dataclasses import dataclass

from services.signals.core import standing
from services.signals.core.account import Account
from services.signals.core.standing import comparable
from services.signals.core.terms import Terms
from shared.kernel.clock import date_from_day
from shared.kernel.playbook import Product
from shared.kernel.quantities import MILLION

FIFTHS = 5  # a score is 20 x the sum of weight and factor, weights in percent: a fifth of the sum of whole ones
MONTHS = 12


@dataclass(frozen=True, eq=False)
class Offer:
    """A product of the playbook, with its names as they are compared."""

    name: str
    product: Product
    compared: str
    features: frozenset[str]
    adjacent: frozenset[str]
    industries: frozenset[str]


class Factors:
    """What the score of a product is made of: each factor is 1 to 5. `requests` are those that `interest` is for."""

    __slots__ = ("budget", "champion", "depth", "fit", "interest", "requests")

    def __init__(self, fit: int, depth: int, interest: int, budget: int, champion: int, requests: int) -> None:
        self.fit, self.depth, self.interest = fit, depth, interest
        self.budget, self.champion, self.requests = budget, champion, requests


def offer(terms: Terms, name: str) -> Offer:
    """Return a product of the playbook by its name."""
    return next(known for known in _all(terms) if known.name == name)


def factors(account: Account, terms: Terms, offer: Offer) -> Factors:
    """Return the factors of a product."""
    depths, budget, champion = _of_account(account, terms)
    asked = standing.requests(account, offer.compared, offer.features, terms.playbook.whitespace.interest_days)
    fit = _fits(account, terms)[offer.name][1]
    return Factors(fit, depths, _interest(terms, asked), budget, champion, asked)


def scores(account: Account, terms: Terms) -> list[tuple[str, int]]:
    """Return the products that the account does not own, in the order of their names, with their scores."""
    days, found = terms.playbook.whitespace.interest_days, list[tuple[str, int]]()
    depths, budget, champion = _of_account(account, terms)
    for offer, fit in _fits(account, terms).values():
        asked = standing.requests(account, offer.compared, offer.features, days)
        interest = _interest(terms, asked)
        found.append((offer.name, score(terms, Factors(fit, depths, interest, budget, champion, asked))))
    return found


def _of_account(account: Account, terms: Terms) -> tuple[int, int, int]:
    """Return the factors that are the same for all products: depth, budget and champion."""
    return depth(terms, quintile(account, terms)), _budget(account, terms), _champion(account, terms)


def _interest(terms: Terms, asked: int) -> int:
    """Return the factor of so many requests: that of the last step that they reach, for the steps rise."""
    factor = 1
    for step in terms.playbook.whitespace.interest:
        if step.requests <= asked:
            factor = step.factor
    return factor


def score(terms: Terms, found: Factors) -> int:
    """Return the score of a product, in fifths of a point: 100 points are 500."""
    weights = terms.playbook.whitespace.weights
    return (
        weights.fit * found.fit
        + weights.depth * found.depth
        + weights.interest * found.interest
        + weights.budget * found.budget
        + weights.champion * found.champion
    )


def quintile(account: Account, terms: Terms) -> int:
    """Return the fifth of its segment in which the account's usage per seat lies, 1 to 5; 0 when nobody knows."""
    seats, bounds = account.fact("seats"), terms.bounds.get(terms.segment(account))
    if not seats or bounds is None:
        return 0
    acts = standing.acts(account) * MILLION
    passed: int = sum(bound * seats < acts for bound in bounds)
    return 1 + passed


def depth(terms: Terms, fifth: int) -> int:
    """Return the factor of a quintile, the lowest one when it is not known."""
    rows = terms.playbook.whitespace.quintiles
    return rows[fifth - 1] if fifth else min(rows)


def next_fifth_at(account: Account, terms: Terms) -> int | None:
    """Return the acts of today at which usage per seat enters its next fifth, None when there is none."""
    seats, bounds = account.fact("seats"), terms.bounds.get(terms.segment(account))
    if not seats or bounds is None:
        return None
    acts = standing.acts(account) * MILLION
    above = [bound for bound in bounds if bound * seats >= acts]
    return above[0] * seats // MILLION + 1 - account.acts_before if above else None


def usage_per_seat(account: Account) -> float | None:
    """Return the acts of the window of active users per seat, with six decimals; None without seats."""
    seats = account.fact("seats")
    return round(standing.acts(account) / seats, 6) if seats else None


def note(account: Account, terms: Terms) -> None:
    """Note the fifth in which usage per seat lies: the rules are being looked at."""
    account.head.standing.quintile = quintile(account, terms)


def _owned(account: Account) -> frozenset[str]:
    return frozenset(comparable(name) for name in account.fact("products") or ())


def _all(terms: Terms) -> tuple[Offer, ...]:
    key = ("whitespace", None)
    found: tuple[Offer, ...] | None = terms.memo.get(key)
    if found is None:
        found = terms.memo[key] = tuple(
            Offer(
                name,
                product,
                comparable(name),
                frozenset(product.features),
                frozenset(comparable(other) for other in product.adjacent_to),
                frozenset(comparable(industry) for industry in product.industries),
            )
            for name, product in sorted(terms.playbook.products.items())
        )
    return found


def _fits(account: Account, terms: Terms) -> dict[str, tuple[Offer, int]]:
    """Return the products that the account does not own, with how they fit: once for its facts and these terms."""
    found: dict[str, tuple[Offer, int]] | None = account.at_hand.get("offers")
    if found is None:
        owned = _owned(account)
        offered = [offer for offer in _all(terms) if offer.compared not in owned]
        found = account.at_hand["offers"] = {offer.name: (offer, _fit(account, terms, offer)) for offer in offered}
    return found


def _fit(account: Account, terms: Terms, offer: Offer) -> int:
    model = terms.playbook.whitespace.fit
    in_industry = comparable(account.fact("industry")) in offer.industries
    is_adjacent = not offer.adjacent.isdisjoint(_owned(account))
    if in_industry and is_adjacent:
        return model.both
    return model.one if in_industry or is_adjacent else model.none


def _budget(account: Account, terms: Terms) -> int:
    model, month = terms.playbook.whitespace.budget, account.fact("budget_month")
    if month is None:
        return model.none
    left = (month - date_from_day(account.head.today).month) % MONTHS
    if left <= 1:
        return model.now
    return model.near if left <= model.near_months else model.none


def _champion(account: Account, terms: Terms) -> int:
    model = terms.playbook.whitespace.champion
    sponsor, champion = bool(account.fact("exec_sponsor")), bool(account.fact("champion"))
    if sponsor and champion:
        return model.both
    return model.one if sponsor or champion else model.none
