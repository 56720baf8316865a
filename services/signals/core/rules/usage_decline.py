"""Use falls: a metric's quarter against the one before, judged when the day changes, not while a source is silent.

Source: playbook section 7, definitions 20, 24, 35, 41, 53 and 75.
"""

from collections.abc import Iterator

from services.signals.core import use_sources, use_windows
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION, as_number, millionths

NAME = "usage_decline"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a drop in percent."""
    rule = terms.playbook.rules.usage_decline
    return (Level(None, rule.drop_percent * MILLION, ">", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield each metric's drop, 0 where it has grown; nothing while the earlier window is not covered, or too small."""
    rule, ended = terms.playbook.rules.usage_decline, account.head.today
    first = ended - 2 * rule.days + 1
    for name, metric in sorted(account.metrics.items()):
        if metric.first_day > first:
            continue
        now, before = use_windows.decline(account, metric, terms)
        if not before or before < millionths(rule.floors.get(name, rule.floor)):
            continue
        if use_sources.silent(account, name, first, terms.silent):
            continue
        numbers: Numbers = {"used": as_number(now), "used_before": as_number(before), "days": rule.days}
        yield Measure(name, "metric", 100 * max(0, before - now), before, rule.days, numbers)


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell both windows, as they were judged."""
    told, metric = measure.numbers, measure.scope
    text = f"{told['used']:,} {metric} in {told['days']} days after {told['used_before']:,} in those before"
    return {"metric": metric} | told, f"{text}, {'a drop' if measure.amount else 'no drop'}"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "percent",
    by_day="ended",
    tell=tell,
    unmeasured="no metric with two covered windows, or a source of it is silent",
    example="7,500 api_calls in 90 days after 10,000 in those before, a drop = 25 % (> 20 %)",
    tuning="""
    `drop_percent` must be exceeded; `floor`, and `floors` by metric, keep out what was hardly used before. The metric's
    first event must lie before both windows. While a source that has recorded the metric is silent there is no value:
    a broken SDK is no decline. Recorded quantities count, reported levels do not.
    """,
)
