"""The values of the rules, each straight from its definition.

Source: playbook section 6, definitions 4, 6, 11, 12, 48, 50.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from shared.kernel.clock import date_from_day
from shared.kernel.events.feature_blocked import FeatureBlocked
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.offers import Plan
from shared.kernel.quantities import millionths
from tests.oracle.history import Facts, History

RULES = ("usage_ceiling", "seat_saturation", "gated_exploration")


@dataclass(frozen=True)
class Level:
    """One threshold of a rule, with the margin below it at which a trigger is over."""

    name: str | None
    threshold: Fraction
    comparison: str
    margin: Fraction

    def met(self, value: Fraction | None) -> bool:
        """Return whether a value fulfils the condition."""
        if value is None:
            return False
        return value > self.threshold if self.comparison == ">" else value >= self.threshold

    def over(self, value: Fraction | None) -> bool:
        """Return whether a trigger of this level has ended (definition 4)."""
        return value is None or value <= self.threshold - self.margin


@dataclass(frozen=True)
class Value:
    """What a rule measures for one scope; `summed`: it starts anew with each billing period."""

    rule: str
    scope: str | None
    value: Fraction | None
    levels: tuple[Level, ...]
    summed: bool = False


def plan_of(facts: Facts, playbook: Playbook) -> Plan | None:
    """Return the account's plan, None when it has none or the playbook does not know it."""
    name = facts["plan"]
    return playbook.plans.get(name) if isinstance(name, str) else None


def is_first_day(day: int, facts: Facts, playbook: Playbook) -> bool:
    """Return whether a billing period begins on a day (definition 6)."""
    date = date_from_day(day)
    anchor = facts["billing_anchor"] or 1
    assert isinstance(anchor, int)
    if date.day != min(anchor, monthrange(date.year, date.month)[1]):
        return False
    plan = plan_of(facts, playbook)
    if plan is None or not plan.annual:
        return True
    turned_on = facts.day("renews_on")
    if turned_on is None:
        turned_on = facts.day("onboarded_at")
    return date.month == (1 if turned_on is None else date_from_day(turned_on).month)


def period_start(day: int, facts: Facts, playbook: Playbook) -> int:
    """Return the first day of the billing period that holds a day, looking back day by day."""
    while not is_first_day(day, facts, playbook):
        day -= 1
    return day


def limits(facts: Facts, playbook: Playbook) -> dict[str, int]:
    """Return the limit of each limited metric; the account's own goes before its plan's. Units: millionths."""
    plan = plan_of(facts, playbook)
    of_plan = {metric: limit for metric, limit in plan.limits.items() if limit is not None} if plan else {}
    merged = {metric: millionths(limit) for metric, limit in of_plan.items()} | facts.limits
    return {metric: limit for metric, limit in merged.items() if limit}


def usage_ceiling(history: History, facts: Facts, playbook: Playbook, today: int) -> Iterator[Value]:
    """Measure each limited metric as a percentage of its limit (definitions 6, 11, 12)."""
    rule = playbook.rules.usage_ceiling
    levels = tuple(
        Level(level.name, Fraction(level.percent), level.comparison, Fraction(rule.margin_points))
        for level in rule.levels
    )
    sums = history.recorded(period_start(today, facts, playbook), today)
    for metric, limit in sorted(limits(facts, playbook).items()):
        gauge = history.gauge(metric)
        used = sums.get(metric, 0) if gauge is None else gauge
        yield Value("usage_ceiling", metric, Fraction(100 * used, limit), levels, summed=gauge is None)


def seat_saturation(history: History, facts: Facts, playbook: Playbook, today: int) -> Iterator[Value]:
    """Measure active and assigned users as a percentage of the seats (definitions 13, 50)."""
    rule = playbook.rules.seat_saturation
    margin = Fraction(rule.margin_points)
    seats = facts["seats"]
    active = assigned = None
    if isinstance(seats, int) and seats > 0:
        active = Fraction(100 * len(history.active_users(today - rule.active_days + 1, today)), seats)
        if history.provisioned_ever():
            assigned = Fraction(100 * len(history.assigned_users()), seats)
    yield Value("seat_saturation", "active", active, (Level(None, Fraction(rule.active_percent), ">", margin),))
    yield Value("seat_saturation", "assigned", assigned, (Level(None, Fraction(rule.assigned_percent), ">=", margin),))


def gated_features(facts: Facts, playbook: Playbook) -> set[str]:
    """Return what the plan lacks and a plan above it has (definition 48)."""
    own = plan = plan_of(facts, playbook)
    if own is None or plan is None:
        return set()
    above: set[str] = set()
    passed = {facts["plan"]}
    while plan.next is not None and plan.next not in passed:
        passed.add(plan.next)
        plan = playbook.plans[plan.next]
        above |= set(plan.features)
    purchased = facts["purchased_features"] or []
    assert isinstance(purchased, list)
    return above - set(own.features) - set(purchased)


def gated_exploration(history: History, facts: Facts, playbook: Playbook, today: int) -> Iterator[Value]:
    """Count the different gated features that were used or blocked."""
    rule = playbook.rules.gated_exploration
    first = today - rule.days + 1
    tried = {event.properties.feature for event in history.within(first, today, FeatureUsed)}
    tried |= {event.properties.feature for event in history.within(first, today, FeatureBlocked)}
    threshold = Fraction(rule.features)
    margin = max(Fraction(rule.margin_minimum), threshold * rule.margin_percent / 100)
    found = Fraction(len(tried & gated_features(facts, playbook)))
    yield Value("gated_exploration", None, found, (Level(None, threshold, ">=", margin),))


def values(history: History, playbook: Playbook, today: int, off: frozenset[str]) -> list[Value]:
    """Return what every rule that is on measures on a day, in the playbook's order."""
    facts = history.facts()
    measured: list[Value] = []
    for measure in (usage_ceiling, seat_saturation, gated_exploration):
        name = measure.__name__
        if name not in off and getattr(playbook.rules, name).enabled:
            measured += measure(history, facts, playbook, today)
    return measured
