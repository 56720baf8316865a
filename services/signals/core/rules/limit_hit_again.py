"""A limit is reached once more after there was room again: the days on which it was reached within the window.

Source: playbook section 6, definitions 1, 11, 12 and 44.
"""

from collections.abc import Iterator

from services.signals.core import use_limits
from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level
from services.signals.core.terms import Terms
from shared.kernel.clock import iso_day
from shared.kernel.events.limit_reached import LimitReached
from shared.kernel.events.usage_reported import UsageReported

NAME = "limit_hit_again"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a count of days, with the margin of a count."""
    rule = terms.playbook.rules.limit_hit_again
    return (count_level(rule, rule.times),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the days on which each limit was reached: of limited metrics, and of those that refused something."""
    days = terms.playbook.rules.limit_hit_again.days
    for metric in sorted(account.limits.keys() | account.head.use.limits.keys()):
        number = len(use_limits.days_reached(account, metric, days))
        if number or metric in account.limits:
            yield Measure(metric, "metric", number, 1, days)


def tell(account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell the days."""
    metric, days = measure.scope or "", measure.window_days or 0
    reached = [iso_day(day) for day in use_limits.days_reached(account, metric, days)]
    named = f" ({', '.join(reached)})" if reached else ""
    text = f"the limit of {metric} was reached on {len(reached)} days of {days}{named}"
    return {"metric": metric, "reached_on": reached, "days": days}, text


def watch(account: Account, terms: Terms) -> None:
    """Note on each summed metric the total that reaches its limit; that day is noted whether the rule is on or not."""
    percent = terms.playbook.rules.limit_hit_again.reached_percent
    for name, limit in account.limits.items():
        if use_limits.is_armed(account, name):
            metric = account.metrics.get(name)
            if metric is not None and name not in account.head.gauges:
                metric.watch = min(metric.watch, -(-percent * limit // 100))
            if use_limits.used(account, name) * 100 >= percent * limit:
                account.unsettled = True  # by other terms it is reached: that is noted at the next record


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "count",
    tell=tell,
    moved_by=FLOOD | {UsageReported, LimitReached},
    unmeasured="no limit, and none was reached",
    example="the limit of api_calls was reached on 2 days of 30 (2026-03-03, 2026-03-09) (≥ 2)",
    tuning="""
    A limit counts once a day when its measured use reaches `reached_percent`, or when the product says `limit.reached`,
    and again only after a day that ends with `rearm_percent` or less, or in a new billing period (gauges have none).
    So a limit that stays reached counts once; `times` days within `days` fire. Days are noted whether the rule is on or
    not, and stay as they were noted when the playbook changes.
    """,
)
