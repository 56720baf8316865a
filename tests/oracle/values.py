"""The values of the rules, each straight from its definition.

Source: playbook section 6, definitions 4, 6, 11, 12, 48, 50.
"""

from calendar import monthrange
from collections.abc import Iterator
from fractions import Fraction

from shared.kernel.clock import date_from_day
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_blocked import FeatureBlocked
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.offers import Plan
from shared.kernel.quantities import millionths
from tests.oracle.gate import segment_of
from tests.oracle.growth import contract_milestone, headcount_growth, power_user, qbr_outcome
from tests.oracle.history import Facts, History
from tests.oracle.value import Level, Value

RULES = (
    "usage_ceiling",
    "seat_saturation",
    "gated_exploration",
    "headcount_growth",
    "power_user",
    "contract_milestone",
    "qbr_outcome",
)
ONE_OFFS = ("qbr_outcome",)


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


def is_on(rule: str, playbook: Playbook, off: frozenset[str]) -> bool:
    """Return whether a rule is on, by the playbook and by hand."""
    return rule not in off and bool(getattr(playbook.rules, rule).enabled)


def values(history: History, playbook: Playbook, today: int, off: frozenset[str]) -> list[Value]:
    """Return what every state rule that is on measures on a day, in the playbook's order."""
    facts = history.facts()
    segment = segment_of(facts, playbook)
    measured = [
        *usage_ceiling(history, facts, playbook, today),
        *seat_saturation(history, facts, playbook, today),
        *gated_exploration(history, facts, playbook, today),
        *headcount_growth(history, facts, playbook, today),
        *contract_milestone(history, facts, playbook, today, segment),
    ]
    return [value for value in measured if is_on(value.rule, playbook, off)]


def values_of_day(history: History, playbook: Playbook, ended: int, off: frozenset[str]) -> list[Value]:
    """Return what every rule of the day that is on measures over the windows that end with a day."""
    measured = [*power_user(history, playbook, ended)]
    return [value for value in measured if is_on(value.rule, playbook, off)]


def happenings(playbook: Playbook, event: Event, off: frozenset[str]) -> list[Value]:
    """Return what every one-off that is on makes of an event."""
    measured = [*qbr_outcome(playbook, event)]
    return [value for value in measured if is_on(value.rule, playbook, off)]
