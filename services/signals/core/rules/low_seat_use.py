"""Few of the seats are used, though the account is past its first days.

Source: playbook section 7, definitions 50 and 52.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms, onboarded_days
from shared.kernel.quantities import MILLION

NAME = "low_seat_use"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a share of the seats below which there is a problem."""
    rule = terms.playbook.rules.low_seat_use
    return (Level(None, rule.percent * MILLION, "<", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the share of seats with an active user in the window that has ended, once the first days are over."""
    rule, seats, since = terms.playbook.rules.low_seat_use, account.fact("seats"), onboarded_days(account)
    if not seats or since is None or since < rule.after_days:  # the day that begins is one more
        return
    active = account.active.distinct(account.head.today, rule.days)
    numbers: Numbers = {
        "active_users": active,
        "seats": seats,
        "days": rule.days,
    }
    text = f"{active:,} of {seats:,} seats active in {rule.days} days"
    yield Measure(None, None, active * 100, seats, rule.days, numbers, text)


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "percent",
    by_day="ended",
    single=True,
    unmeasured="no seats, or too soon after onboarding",
    example="12 of 50 seats active in 30 days = 24 % (< 30 %)",
    tuning="""
    Raise `after_days` where customers start slowly. `percent` lies well below what the gate asks for: between the two
    an account is neither in trouble nor ready to grow. An account without `seats` or `onboarded_at` is never measured.
    """,
)
