"""On which days a limit was reached: a path of the account's own, noted when it happens and never reworked.

A limit is reached at most once a day, on the account's today, while it is armed; it is armed again when a day has ended
on which its measured use was low enough, or when the billing period turns. A metric without a limit is not measured.
Source: definitions 11, 12, 36 and 44.
"""

from services.signals.core import names
from services.signals.core.account import Account
from services.signals.core.terms import Terms
from services.signals.core.use_state import KEPT_DAYS, LimitDays


def used(account: Account, metric: str) -> int:
    """Return what counts as the use of a metric: its latest report, else the sum of the billing period."""
    gauge = account.head.gauges.get(metric)
    if gauge is not None:
        amount: int = gauge[0]
        return amount
    summed = account.metrics.get(metric)
    return 0 if summed is None else summed.total


def is_armed(account: Account, metric: str) -> bool:
    """Tell whether a limit can be reached now."""
    known = account.head.use.limits.get(metric)
    return known is None or known.armed


def reach(account: Account, metric: str) -> None:
    """Let a limit be reached today, if it is armed; one of too many metrics is not."""
    limits, today = account.head.use.limits, account.head.today
    known = limits.get(metric)
    if known is None:
        if not names.takes_metric(account, limits, names.MOST_OTHERS, metric):
            return
        known = limits[metric] = LimitDays()
    if known.armed:
        known.armed = False
        known.days.append(today)


def note(account: Account, terms: Terms) -> None:
    """Note the limits that are reached now; asked before the rules are looked at."""
    percent = terms.playbook.rules.limit_hit_again.reached_percent
    for metric, limit in account.limits.items():
        if used(account, metric) * 100 >= percent * limit and is_armed(account, metric):
            reach(account, metric)


def rearm(account: Account, terms: Terms) -> None:
    """Arm limits again as a day ends, the account's today, and forget the days that no window holds any more."""
    limits, today = account.head.use.limits, account.head.today
    percent, turns = terms.playbook.rules.limit_hit_again.rearm_percent, today + 1 == account.period[1]
    for metric, known in list(limits.items()):
        if not known.armed:
            limit = account.limits.get(metric)
            low = limit is not None and used(account, metric) * 100 <= percent * limit
            known.armed = low or (turns and metric not in account.head.gauges)
        while known.days and known.days[0] < today - KEPT_DAYS:
            del known.days[0]
        if known.armed and not known.days:
            del limits[metric]


def days_reached(account: Account, metric: str, days: int) -> list[int]:
    """Return the days of the window that ends today on which a limit was reached."""
    known = account.head.use.limits.get(metric)
    first = account.head.today - days
    return [] if known is None else [day for day in known.days if day > first]
