"""How many names an account may bring in: names that carry an id would grow its pages until they fit no batch.

A name that the playbook knows, or that the account has a limit for or has purchased, is always taken; of others the
first so many; features leave with the last window that holds them, the others stay. Under a further name an event is
still an act of its user; it is no use of a feature, no quantity and no request. Of limits of its own an account has the
first so many, too, else what is always taken had no end; a further one is as if not given. Source: design (state).
"""

from typing import Any

from services.signals.core.account import Account
from services.signals.core.terms import Terms
from shared.kernel.events.account_updated import MOST_LIMITS

MOST_FEATURES = 10_000
MOST_METRICS = 1_000  # each keeps its sum of every day
MOST_OTHERS = 1_000  # gauges, limits reached, requests, milestones
MOST_PURCHASED = 1_000  # of one value of `purchased_features`, of which two are kept a day


def takes_feature(account: Account, name: str, terms: Terms) -> bool:
    """Tell whether a feature that is not known yet is taken."""
    if len(account.head.features) < MOST_FEATURES:
        return True
    return name in _declared(terms) or name in (account.fact("purchased_features") or ())


def takes_metric(account: Account, known: dict[str, Any], most: int, name: str) -> bool:
    """Tell whether a metric that is not among the known ones of its sort is taken."""
    return len(known) < most or name in account.limits


def takes_limit(account: Account, name: str) -> bool:
    """Tell whether a limit of the account's own is taken for a metric."""
    return name in account.head.limits or len(account.head.limits) < MOST_LIMITS


def takes_request(account: Account, product: str, feature: str, terms: Terms) -> bool:
    """Tell whether a request for a product and a feature, as they are compared, is taken."""
    if sum(map(len, account.days.standing.requests.values())) < MOST_OTHERS:
        return True
    named = {name.strip().casefold() for name in terms.playbook.products}
    return (product in named or not product) and (feature in _declared(terms) or not feature)


def takes_milestone(account: Account, name: str, terms: Terms) -> bool:
    """Tell whether a milestone that is not known yet is taken."""
    if len(account.head.milestones) < MOST_OTHERS:
        return True
    return any(name == row.name for rows in terms.playbook.milestones.values() for row in rows)


def purchases(given: list[str]) -> list[str]:
    """Return what is taken of a value of `purchased_features`: its first names, each once."""
    return given if len(given) <= MOST_PURCHASED else list(dict.fromkeys(given))[:MOST_PURCHASED]


def _declared(terms: Terms) -> frozenset[str]:
    """Return the features that the playbook names."""
    found: frozenset[str] | None = terms.memo.get(("declared features", None))
    if found is None:
        playbook = terms.playbook
        found = frozenset(playbook.core_features) | terms.prerequisites | frozenset(terms.problems.of_feature)
        found = found.union(*(plan.features for plan in playbook.plans.values()))
        found = found.union(*(product.features for product in playbook.products.values()))
        terms.memo["declared features", None] = found
    return found
