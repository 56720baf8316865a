"""Somebody does far more than the others: the busiest user's acts against the mean, judged when the day changes.

Source: playbook section 6, definitions 23 and 35.
"""

from collections.abc import Iterator

from services.signals.core import acts
from services.signals.core.account import Account
from services.signals.core.measures import USERS
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION

NAME = "power_user"
MOST_NAMED = 20


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a multiple of the mean, in percent."""
    rule = terms.playbook.rules.power_user
    return (Level(None, rule.percent * MILLION, ">=", rule.margin_points * MILLION),)


def covered(account: Account, terms: Terms) -> bool:
    """Tell whether the account's first act lies on or before the first day of the window that ends today."""
    return account.head.first_act_day <= account.head.today - terms.playbook.rules.power_user.days + 1


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the busiest user's share of the mean; nothing while too few are active or nobody acts enough."""
    rule = terms.playbook.rules.power_user
    counted = acts.counted(account, rule.days)
    users = len(counted)
    if users < rule.active_users:
        return
    each = [number for number, _ in counted]
    total, most = sum(each), max(each)
    if most < rule.acts:
        return
    busy = sorted(
        (-number, user_id)
        for number, user_id in counted
        if number >= rule.acts and number * 100 * users >= rule.percent * total
    )
    named = [user_id for _, user_id in busy[:MOST_NAMED]]
    numbers: Numbers = {"acts": most, "mean": total / users, "active_users": users, "days": rule.days}
    if named:
        numbers[USERS] = named
    yield Measure(None, None, most * 100 * users, total, rule.days, numbers)


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell who, how much, and the mean, as they were judged."""
    told = measure.numbers
    who = "by {users}" if USERS in told else "by the busiest user"
    mean = float(str(told["mean"]))
    acts, users, days = told["acts"], told["active_users"], told["days"]
    text = f"{acts:,} acts in {days} days {who}; the mean of {users:,} active users is {mean:,.1f}"
    return {USERS: []} | told | {"mean": round(mean, 2)}, text


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "percent",
    by_day="ended",
    covered=covered,
    tell=tell,
    single=True,
    unmeasured="not covered yet, or too few users or acts",
    example="20 acts in 30 days by a; the mean of 5 active users is 4.8 = 416.67 % (≥ 200 %)",
    tuning="""
    An act is an event that makes a user active (`session.started`, `feature.used`, `usage.recorded`). `acts` keeps
    quiet accounts out, `active_users` small ones. `days` is at most 60: so long signals keeps the acts of each user.
    Who is busy from the start is no news: what holds when an account's days are first covered counts as fired.
    """,
)
