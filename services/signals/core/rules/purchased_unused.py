"""A feature was bought and nobody uses it: days since it was purchased, judged when the day changes.

Source: playbook section 7, definitions 35 and 57.
"""

from collections.abc import Iterator

from services.signals.core import use_purchases
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms
from shared.kernel.clock import iso_day

NAME = "purchased_unused"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a number of days, with the margin of a count."""
    rule = terms.playbook.rules.purchased_unused
    return (count_level(rule, rule.days),)


def measure(account: Account, _terms: Terms) -> Iterator[Measure]:
    """Yield the days since each purchase that has not been used since."""
    features, today = account.head.features, account.head.today
    for name in sorted(set(account.fact("purchased_features") or ())):
        since = use_purchases.since(account, name)
        if name not in features or features[name].newest < since:
            numbers: Numbers = {"purchased_on": iso_day(since)}
            yield Measure(name, "feature", today - since, 1, None, numbers)


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell since when, as it was judged."""
    text = f"{measure.scope} was purchased on {measure.numbers['purchased_on']} and not used"
    return {"feature": measure.scope} | measure.numbers | {"days": measure.amount}, f"{text} in {measure.amount} days"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "count",
    by_day="begins",
    tell=tell,
    unmeasured="nothing is purchased that has not been used",
    example="sso was purchased on 2026-02-01 and not used in 30 days (≥ 30)",
    tuning="""
    `days` is how long a purchase may wait for its first use. What counts as purchased is the fact `purchased_features`,
    by the very names that `feature.used` has: a name that is spelt otherwise is never used. A feature that leaves the
    fact and comes back is a new purchase.
    """,
)
