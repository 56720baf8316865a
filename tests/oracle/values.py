"""The values of the first rules on usage, each straight from its definition.

Source: playbook section 6, definitions 4, 11, 12, 48, 50.
"""

from collections.abc import Iterator
from fractions import Fraction

from shared.kernel.events.feature_blocked import FeatureBlocked
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.playbook.document import Playbook
from tests.oracle.history import Facts
from tests.oracle.periods import limits, plan_of, use
from tests.oracle.rows import Row, View
from tests.oracle.value import Level, Value, counted


def usage_ceiling(view: View) -> Iterator[Value]:
    """Measure each limited metric as a percentage of its limit (definitions 6, 11, 12)."""
    rule = view.playbook.rules.usage_ceiling
    levels = tuple(
        Level(level.name, Fraction(level.percent), level.comparison, Fraction(rule.margin_points))
        for level in rule.levels
    )
    for metric, limit in sorted(limits(view.facts, view.playbook).items()):
        used = use(view.history, view.facts, view.playbook, metric, view.today)
        yield Value("usage_ceiling", metric, Fraction(100 * used, limit), levels)


def seat_saturation(view: View) -> Iterator[Value]:
    """Measure active and assigned users as a percentage of the seats (definitions 13, 50)."""
    rule = view.playbook.rules.seat_saturation
    margin = Fraction(rule.margin_points)
    seats = view.facts["seats"]
    active = assigned = None
    if isinstance(seats, int) and seats > 0:
        users = view.history.active_users(view.today - rule.active_days + 1, view.today)
        active = Fraction(100 * len(users), seats)
        if view.history.provisioned_ever():
            assigned = Fraction(100 * len(view.history.assigned_users()), seats)
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


def gated_exploration(view: View) -> Iterator[Value]:
    """Count the different gated features that were used or blocked."""
    rule = view.playbook.rules.gated_exploration
    tries = view.history.within(view.today - rule.days + 1, view.today, FeatureUsed)
    tried = {event.properties.feature for event in tries}
    blocks = view.history.within(view.today - rule.days + 1, view.today, FeatureBlocked)
    tried |= {event.properties.feature for event in blocks}
    found = Fraction(len(tried & gated_features(view.facts, view.playbook)))
    yield Value("gated_exploration", None, found, (counted(rule, rule.features),))


ROWS = (
    Row("usage_ceiling", usage_ceiling),
    Row("seat_saturation", seat_saturation),
    Row("gated_exploration", gated_exploration),
)
