"""What of an account's own facts means nothing, or contradicts, said where somebody looks at the account.

Such a fact is taken, as its sender means it; but it has no effect, or one that nobody expects: a plan that is misspelt
is the commonest reason why no limit is ever near. What each contradiction means is in `docs/facts.md`.
Source: definitions 11, 27, 29, 30, 45, 48, 50 and 58.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.kernel.events.account_updated import MOST_LIMITS
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.lookups import find_segment

__all__ = ["Notice", "Seen", "notices"]

NAMED = 8
FULL = 100


class Notice(NamedTuple):
    """What is worth knowing about an account's facts. Shape: `kind` is the fact that it speaks of."""

    kind: str
    sentence: str


class Seen(NamedTuple):
    """What is known of an account besides its facts. Units: `today` is a day, `YYYY-MM-DD`, users are a number."""

    today: str
    active: int
    active_days: int
    assigned: int


def notices(playbook: Playbook, facts: Mapping[str, Any], seen: Seen | None = None) -> Iterator[Notice]:
    """Yield what the playbook does not know of an account's facts, and what contradicts in them.

    Shape: `facts` are fields of `account.updated`; without `seen` what needs a day or users is not judged.
    """
    yield from _plan(playbook, facts.get("plan"))
    yield from _segment(playbook, facts.get("segment"))
    yield from _limits(playbook, facts.get("plan"), facts.get("limits") or {})
    yield from _seats(facts.get("seats"), seen)
    yield from _renewal(facts.get("renews_on"), seen)
    yield from _currency(playbook, facts.get("currency"))
    yield from _bought(playbook, facts.get("purchased_features") or (), facts.get("products") or ())
    score = facts.get("health_score")
    if isinstance(score, int | float) and not 0 <= score <= FULL:
        yield Notice(
            "health_score", f"health_score {score!s:.40} lies outside of 0 to 100, and counts as the nearer of the two"
        )


def _plan(playbook: Playbook, plan: object) -> Iterator[Notice]:
    if isinstance(plan, str) and plan not in playbook.plans:
        yield Notice(
            "plan",
            f"plan {plan!r:.80} is not in the playbook ({_some(list(playbook.plans))}): no limits of a plan, and no "
            "features that a higher plan would open",
        )


def _segment(playbook: Playbook, segment: object) -> Iterator[Notice]:
    if isinstance(segment, str) and find_segment(playbook, segment) is None:
        names = _some([row.name for row in playbook.segments])
        yield Notice(
            "segment", f"segment {segment!r:.80} is not in the playbook ({names}): counts as not given, MRR decides"
        )


def _limits(playbook: Playbook, plan: object, limits: Mapping[str, Any]) -> Iterator[Notice]:
    known = playbook.plans.get(plan) if isinstance(plan, str) else None
    in_force = (dict(known.limits) if known else {}) | dict(limits)
    if len(limits) >= MOST_LIMITS:
        yield Notice("limit", f"there are limits for {MOST_LIMITS:,} metrics: those for further ones are not taken")
    for metric in sorted(metric for metric, limit in in_force.items() if limit is not None and limit == 0):
        yield Notice("limit", f"the limit of {metric!r:.80} is 0, which counts as unlimited")


def _seats(seats: object, seen: Seen | None) -> Iterator[Notice]:
    if not isinstance(seats, int):
        return
    if seats == 0:
        yield Notice("seats", "seats is 0, which counts as not given: no share of the seats is measured")
    elif seen is not None and seats < max(seen.active, seen.assigned):
        most = f"{seen.active} users were active in {seen.active_days} days and {seen.assigned} are assigned"
        yield Notice("seats", f"seats is {seats}, but {most}: shares of the seats pass 100 %")


def _renewal(renews_on: object, seen: Seen | None) -> Iterator[Notice]:
    if isinstance(renews_on, str) and seen is not None and renews_on < seen.today:
        yield Notice(
            "renews_on",
            f"renews_on {renews_on:.10} has passed: nothing that waits for a renewal is measured until the next date "
            "is given",
        )


def _currency(playbook: Playbook, currency: object) -> Iterator[Notice]:
    if isinstance(currency, str) and currency != playbook.currency:
        yield Notice(
            "currency",
            f"currency {currency!r:.80} is not the playbook's {playbook.currency}: nothing is converted; MRR is "
            "compared with the segments' boundaries as it stands, and no owner is chosen by an amount in it",
        )


def _bought(playbook: Playbook, features: Iterable[str], products: Iterable[str]) -> Iterator[Notice]:
    offered = {*playbook.addons, *playbook.products}
    opened = {name for plan in playbook.plans.values() for name in plan.features}
    opened |= {name for product in playbook.products.values() for name in product.features}
    for name in sorted(set(features) - opened - offered):
        yield Notice(
            "purchased_features", f"purchased feature {name!r:.80} is in no plan, product or add-on: it opens nothing"
        )
    beside = {name for product in playbook.products.values() for name in product.adjacent_to}
    known = {name.strip().casefold() for name in offered | beside}
    for name in sorted(name for name in set(products) if name.strip().casefold() not in known):
        yield Notice("products", f"product {name!r:.80} is not in the playbook: nothing fits beside it")


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "") if names else "it has none"
