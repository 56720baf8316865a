"""A product that the account does not own would fit it well: its whitespace, one value for each product.

Source: playbook section 6, definition 41.
"""

from collections.abc import Iterator

from services.signals.core import whitespace
from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.quantities import MILLION

NAME = "cross_sell_fit"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a score."""
    rule = terms.playbook.rules.cross_sell_fit
    return (Level(None, rule.score * MILLION, ">=", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the score of each product that is not owned."""
    days = terms.playbook.whitespace.interest_days
    for name, points in whitespace.scores(account, terms):
        yield Measure(name, "product", points, whitespace.FIFTHS, days, {}, "")


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Return the factors and what they come from."""
    offer = whitespace.offer(terms, measure.scope or "")
    found = whitespace.factors(account, terms, offer)
    numbers: Numbers = {
        "fit": found.fit,
        "depth": found.depth,
        "interest": found.interest,
        "budget": found.budget,
        "champion": found.champion,
        "requests": found.requests,
        "usage_per_seat": whitespace.usage_per_seat(account),
    }
    text = (
        f"whitespace for {offer.name}: fit {found.fit}, depth {found.depth}, interest {found.interest}, "
        f"budget {found.budget}, champion {found.champion} of 5"
    )
    return numbers, text


def watch(account: Account, terms: Terms) -> None:
    """Note the acts of today at which usage per seat enters another fifth; look at once when it has been moved."""
    if not terms.enabled(NAME) or not terms.playbook.products or account.fact("status") == "churned":
        return
    if whitespace.quintile(account, terms) != account.head.standing.quintile:
        account.unsettled = True
    at = whitespace.next_fifth_at(account, terms)
    if at is not None:
        account.watch_acts = min(account.watch_acts, at)


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "points",
    tell=tell,
    moved_by=FLOOD | {CapabilityRequested},
    unmeasured="every product is owned, or the playbook has none",
    example="whitespace for Insights: fit 5, depth 4, interest 3, budget 5, champion 3 of 5 (≥ 70)",
    tuning="`whitespace.weights` say what counts most. Where hardly anybody fires, look first at `industries` and "
    "`adjacent_to` of your products: fit weighs the most. Usage per seat is compared within the segment, by bounds "
    "that are computed once a night.",
)
