"""A limited metric nears its limit: the sum of the billing period, or the latest gauge, as share of the limit.

Source: playbook section 6, definitions 5, 6, 11 and 12.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, RuleRow, least_amount, spent_from
from services.signals.core.state import Metric
from services.signals.core.terms import Terms
from shared.kernel.clock import iso_day
from shared.kernel.quantities import MILLION, as_number

NAME = "usage_ceiling"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the levels of the playbook: nurture, outreach, owner, executive."""
    rule = terms.playbook.rules.usage_ceiling
    margin = rule.margin_points * MILLION
    return tuple(
        Level(row.name, row.percent * MILLION, row.comparison, margin, row.owner_role, row.response)
        for row in rule.levels
    )


def measure(account: Account, _terms: Terms) -> Iterator[Measure]:
    """Yield the use of each limited metric."""
    begin, following = account.period
    for metric, limit in sorted(account.limits.items()):
        gauge = account.head.gauges.get(metric)
        numbers: dict[str, int | float | str | list[str] | None]
        if gauge is not None:
            used, kind = gauge[0], "gauge"
            numbers = {"used": as_number(used), "limit": as_number(limit), "measured": kind}
        else:
            summed = account.metrics.get(metric)
            used = 0 if summed is None else summed.total
            numbers = {
                "used": as_number(used),
                "limit": as_number(limit),
                "measured": "sum",
                "period_from": iso_day(begin),
                "period_to": iso_day(following - 1),
            }
        share = f"{as_number(used):,} of {as_number(limit):,} {metric}"
        when = "now" if gauge is not None else f"in the period that began {iso_day(begin)}"
        yield Measure(metric, "metric", used * 100, limit, None, numbers, f"{share} used {when}")


def watch(account: Account, terms: Terms) -> None:
    """Note on each summed metric the total at which its next level is reached."""
    limits = account.limits if terms.enabled(NAME) else {}
    for name in limits:
        if name not in account.metrics:
            account.metrics[name] = Metric({})
    rows = ROW.levels_for(terms, None)
    for name, metric in account.metrics.items():
        limit = limits.get(name)
        index = spent_from(account, NAME, name, rows)
        if limit is not None and name not in account.head.gauges and index < len(rows):
            metric.watch = min(metric.watch, -(-least_amount(rows[index], limit) // 100))


def ends_with_period(account: Account, scope: str | None) -> bool:
    """Tell whether the turn of the billing period ends a metric's triggers: gauges run on (definition 7)."""
    return scope not in account.head.gauges


ROW = RuleRow(NAME, "expansion", "usage", levels, measure, watch, "percent", ends_with_period=ends_with_period)
