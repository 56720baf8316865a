"""A limited metric nears its limit: the sum of the billing period, or the latest gauge, as share of the limit.

Source: playbook section 6, definitions 5, 6, 11 and 12.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, least_amount, spent_from
from services.signals.core.terms import Terms
from services.signals.core.use_sums import Metric
from shared.kernel.clock import iso_day
from shared.kernel.events.usage_reported import UsageReported
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
    gauges, metrics = account.head.gauges, account.metrics
    for name, limit in sorted(account.limits.items()):
        summed = metrics[name].total if name in metrics else 0
        used = gauges[name][0] if name in gauges else summed
        yield Measure(name, "metric", used * 100, limit, None)


def tell(account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell use and limit; of a sum the period too."""
    begin, following = account.period
    used, limit = as_number(measure.amount // 100), as_number(measure.whole)
    share = f"{used:,} of {limit:,} {measure.scope} used"
    if measure.scope in account.head.gauges:
        return {"used": used, "limit": limit, "measured": "gauge"}, f"{share} now"
    period: Numbers = {"period_from": iso_day(begin), "period_to": iso_day(following - 1)}
    numbers: Numbers = {"used": used, "limit": limit, "measured": "sum"}
    return numbers | period, f"{share} in the period that began {iso_day(begin)}"


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


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "percent",
    ends_with_period=ends_with_period,
    only_falls=True,
    tell=tell,
    moved_by=FLOOD | {UsageReported},
    unmeasured="no limited metric",
    example="8,700 of 10,000 api_calls used in the period that began 2026-03-01 = 87 % (≥ 85 %)",
    tuning="""
    `levels` rise strictly; each has its own response, and the highest one reached fires for all below it. A level that
    fires for nearly everybody wants a higher `percent`, or a plan with a limit that fits. A metric reported with
    `usage.reported` is compared by its latest level, any other by the sum of the billing period.
    """,
)
