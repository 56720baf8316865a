"""The company grows: its employees against the lowest number of the year.

Source: playbook section 6, definition 22.
"""

from collections.abc import Iterator

from services.signals.core import headcount
from services.signals.core.account import Account
from services.signals.core.rules.movers import NOTHING
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.clock import day_of, iso_day
from shared.kernel.quantities import MILLION

NAME = "headcount_growth"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a share of the lowest number."""
    rule = terms.playbook.rules.headcount_growth
    return (Level(None, rule.percent * MILLION, ">=", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the number in force as share of the lowest in the window; zeros say nothing."""
    now, days = account.fact("employees"), terms.playbook.rules.headcount_growth.days
    if now:
        yield Measure(None, None, now * 100, _lowest(account, days)[0], days)


def _lowest(account: Account, days: int) -> tuple[int, int]:
    register = account.head.facts["employees"]
    known = account.days.employees or {day_of(register[1]): (register[0], register)}
    return headcount.lowest(known, account.head.today, days)


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell both numbers, and when the lowest was given."""
    now, lowest, days = measure.amount // 100, measure.whole, terms.playbook.rules.headcount_growth.days
    given_on = iso_day(_lowest(account, days)[1])
    numbers: Numbers = {"employees": now, "lowest": lowest, "lowest_given_on": given_on, "days": days}
    return numbers, f"{now:,} employees; the lowest of {days} days is {lowest:,}, given on {given_on}"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "percent",
    only_falls=True,
    tell=tell,
    moved_by=NOTHING,
    single=True,
    unmeasured="no number of employees",
    example="144 employees; the lowest of 365 days is 100, given on 2026-01-01 = 144 % (≥ 120 %)",
    tuning="""
    `percent` and `days`. Zeros say nothing; a late older number joins the history. An account whose headcount is only
    ever told once never fires.
    """,
)
