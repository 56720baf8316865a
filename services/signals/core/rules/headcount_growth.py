"""The company grows: its employees against the lowest number of the year.

Source: playbook section 6, definition 22.
"""

from collections.abc import Iterator

from services.signals.core import headcount
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, RuleRow, no_watch
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
    register = account.head.facts.get("employees")
    if register is None or not register[0]:
        return
    now, days = register[0], terms.playbook.rules.headcount_growth.days
    known = account.days.employees or {day_of(register[1]): (now, register)}
    lowest, since = headcount.lowest(known, account.head.today, days)
    given_on = iso_day(since)
    numbers: dict[str, int | float | str | list[str] | None] = {
        "employees": now,
        "lowest": lowest,
        "lowest_given_on": given_on,
        "days": days,
    }
    text = f"{now:,} employees; the lowest of {days} days is {lowest:,}, given on {given_on}"
    yield Measure(None, None, now * 100, lowest, days, numbers, text)


ROW = RuleRow(
    NAME, "expansion", "organisation", levels, measure, no_watch, "percent", unmeasured="no number of employees"
)
