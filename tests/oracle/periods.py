"""Plans, billing periods and limits, each straight from its definition.

Source: definitions 6, 11, 12.
"""

from calendar import monthrange
from functools import cache

from shared.kernel.clock import date_from_day
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.offers import Plan
from shared.kernel.quantities import millionths
from tests.oracle.history import Facts, History


def plan_of(facts: Facts, playbook: Playbook) -> Plan | None:
    """Return the account's plan, None when it has none or the playbook does not know it."""
    name = facts["plan"]
    return playbook.plans.get(name) if isinstance(name, str) else None


def is_first_day(day: int, facts: Facts, playbook: Playbook) -> bool:
    """Return whether a billing period begins on a day (definition 6)."""
    return begins_period(day, *anchor_of(facts, playbook))


def period_start(day: int, facts: Facts, playbook: Playbook) -> int:
    """Return the first day of the billing period that holds a day."""
    return start_of(day, *anchor_of(facts, playbook))


def anchor_of(facts: Facts, playbook: Playbook) -> tuple[int, int | None]:
    """Return the day of the month on which periods begin, and the month, None for all of them (definition 6)."""
    anchor = facts["billing_anchor"] or 1
    assert isinstance(anchor, int)
    plan = plan_of(facts, playbook)
    if plan is None or not plan.annual:
        return anchor, None
    turned_on = facts.day("renews_on")
    if turned_on is None:
        turned_on = facts.day("onboarded_at")
    return anchor, 1 if turned_on is None else date_from_day(turned_on).month


@cache
def begins_period(day: int, anchor: int, month: int | None) -> bool:
    """Return whether a period begins on a day: of each month, or of one month of the year."""
    date = date_from_day(day)
    return date.day == min(anchor, monthrange(date.year, date.month)[1]) and month in {None, date.month}


@cache
def start_of(day: int, anchor: int, month: int | None) -> int:
    """Return the first day of the period that holds a day, looking back day by day."""
    while not begins_period(day, anchor, month):
        day -= 1
    return day


def limits(facts: Facts, playbook: Playbook) -> dict[str, int]:
    """Return the limit of each limited metric; the account's own goes before its plan's. Units: millionths."""
    plan = plan_of(facts, playbook)
    of_plan = {metric: limit for metric, limit in plan.limits.items() if limit is not None} if plan else {}
    merged = {metric: millionths(limit) for metric, limit in of_plan.items()} | facts.limits
    return {metric: limit for metric, limit in merged.items() if limit}


def use(history: History, facts: Facts, playbook: Playbook, metric: str, today: int) -> int:
    """Return what a limit is compared with: the latest report, else the period's sum (12). Units: millionths."""
    gauge = history.gauge(metric)
    if gauge is not None:
        return gauge
    return history.recorded(period_start(today, facts, playbook), today).get(metric, 0)
