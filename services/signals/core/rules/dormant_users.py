"""Seats were given away and nobody sits on them: users provisioned a while ago who have never been active.

Source: playbook section 7, definitions 13, 51 and 77.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION

NAME = "dormant_users"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a share of the users provisioned long enough ago."""
    rule = terms.playbook.rules.dormant_users
    return (Level(None, rule.percent * MILLION, ">=", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the dormant as share of the cohort, as of the day that begins; nothing while they are few."""
    rule = terms.playbook.rules.dormant_users
    latest = account.head.today - rule.provisioned_days
    dormant = account.people.idle.until(latest)
    if dormant < rule.users:
        return
    cohort = account.people.seated.until(latest)
    numbers: Numbers = {
        "dormant_users": dormant,
        "provisioned_users": cohort,
        "provisioned_days": rule.provisioned_days,
    }
    text = f"{dormant:,} of {cohort:,} users provisioned {rule.provisioned_days} days ago or more were never active"
    yield Measure(None, None, dormant * 100, cohort, None, numbers, text)


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "percent",
    by_day="begins",
    single=True,
    unmeasured="too few dormant users",
    example="4 of 12 users provisioned 14 days ago or more were never active = 33.33 % (≥ 20 %)",
    tuning="""
    `users` and `percent` must both be reached. Raise `provisioned_days` where the rollout is slow. Whoever left and
    came back is provisioned anew. Without `user.provisioned` events nobody is counted.
    """,
)
