"""The values of the rules about what is used, each straight from its definition.

Where the definitions leave a choice, by the number of the entry:

- 20, 24: an earlier window of 0 can be compared with nothing, whatever the floor. A metric's first event is the one
  that happened first of all that record the metric, of whatever quantity.
- 40: only `usage.recorded` counts, in the quantities as well; the first event may be any that records the metric.
- 43: the levels of velocity are measured by themselves; one that cannot be measured is not met, and ends when open.
- 44: a limit is looked at after every folded event and every change of day, churned or not, by the numbers of the
  playbook in force; of a metric without a limit only `limit.reached` and turns count. There is a value for what is
  limited now and for what has such days in the window.
- 53: nothing is said of a metric while one of the sources that recorded it in either window is silent.
- 53, 20: a rise is a decline of 0.
- 57: days are compared: a use on the day of the purchase is a use, at whatever hour.
- 68: properties are compared as they were sent, a truth value equals no number; an add-on's name is compared as it is.
  With `earliest_day` 0 an account without an onboarding may need it. The playbook's problems look at what arrives after
  it; a problem that another add-on has taken over goes on counting.
- 75: `feature.used` with a metric records that metric, for all but the cost.

Source: playbook sections 6 and 7, definitions 20, 24, 40, 43, 44, 48, 49, 53, 57, 68, 75.
"""

from collections.abc import Iterator
from fractions import Fraction

from shared.kernel.events.account_updated import AccountUpdated
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_blocked import FeatureBlocked
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.playbook.expansion import CostEfficiency, UsageVelocity
from shared.kernel.playbook.offers import Addon, Problem
from shared.kernel.playbook.risk import UsageDecline
from shared.kernel.quantities import MILLION, millionths
from tests.oracle.health import exact
from tests.oracle.history import day, rank
from tests.oracle.paths import problem_key
from tests.oracle.periods import limits
from tests.oracle.rows import Row, View
from tests.oracle.value import Level, Value, counted, pointed
from tests.oracle.values import gated_features


def limit_hit_again(view: View) -> Iterator[Value]:
    """Count the days at each limit (definition 44)."""
    rule = view.playbook.rules.limit_hit_again
    window = range(view.today - rule.days + 1, view.today + 1)
    days = {metric: len(reached & set(window)) for metric, reached in view.past.reached.items()}
    for metric in limits(view.facts, view.playbook).keys() | {metric for metric, found in days.items() if found}:
        yield Value("limit_hit_again", metric, Fraction(days.get(metric, 0)), (counted(rule, rule.times),))


def feature_gap(view: View) -> Iterator[Value]:
    """Count how often each gated feature was used or blocked (definitions 48 and 49)."""
    rule = view.playbook.rules.feature_gap
    first = view.today - rule.days + 1
    tried = [event.properties.feature for event in view.history.within(first, view.today, FeatureUsed)]
    tried += [event.properties.feature for event in view.history.within(first, view.today, FeatureBlocked)]
    for feature in gated_features(view.facts, view.playbook) & set(tried):
        yield Value("feature_gap", feature, Fraction(tried.count(feature)), (counted(rule, rule.times),))


def addon_problem(view: View) -> Iterator[Value]:
    """Count what shows that an add-on would help (definition 68)."""
    rule = view.playbook.rules.addon_problem
    for name, addon in view.playbook.addons.items():
        if name not in owned(view) and _is_due(view, addon):
            found = Fraction(len(shown(view, addon.problem)))
            yield Value("addon_problem", name, found, (counted(rule, addon.problem.count),))


def owned(view: View) -> set[str]:
    """Return the products and features that the account has bought."""
    bought: set[str] = set()
    for fact in ("products", "purchased_features"):
        names = view.facts[fact] or []
        assert isinstance(names, list)
        bought |= set(names)
    return bought


def _is_due(view: View, addon: Addon) -> bool:
    onboarded = view.date("onboarded_at")
    early = addon.earliest_day > 0 if onboarded is None else view.today - onboarded < addon.earliest_day
    return not early and all(is_adopted(view, feature) for feature in addon.prerequisites)


def is_adopted(view: View, feature: str) -> bool:
    """Return whether a feature was used on enough days of the window, by anybody."""
    measures = view.playbook.measures
    uses = view.history.within(view.today - measures.adopted_window_days + 1, view.today, FeatureUsed)
    return len({day(use) for use in uses if use.properties.feature == feature}) >= measures.adopted_days


def shown(view: View, problem: Problem) -> list[Event]:
    """Return the events that show a problem, of those that came since the playbook has known it."""
    since = view.history.events[view.past.problems[problem_key(problem)] :]
    return [
        event
        for event in since
        if event.__struct_config__.tag == problem.type
        and view.today - problem.days < day(event) <= view.today
        and all(_equal(getattr(event, "properties", None), name, asked) for name, asked in problem.where.items())
    ]


def _equal(properties: object, name: str, asked: object) -> bool:
    found: object = getattr(properties, name, None)
    return found == asked and isinstance(found, bool) == isinstance(asked, bool)


def first_recorded(view: View) -> dict[str, int]:
    """Return the day of the first event of each recorded metric."""
    firsts: dict[str, int] = {}
    uses: list[UsageRecorded | FeatureUsed] = [*view.history.of(UsageRecorded)]
    for event in uses + view.history.of(FeatureUsed):
        metric = event.properties.metric
        if metric is not None:
            firsts[metric] = min(day(event), firsts.get(metric, day(event)))
    return firsts


def floor_of(rule: UsageVelocity | UsageDecline | CostEfficiency, metric: str) -> Fraction:
    """Return what a window must hold at least. Units: millionths."""
    return exact(rule.floors.get(metric, rule.floor)) * MILLION


def usage_velocity(view: View) -> Iterator[Value]:
    """Compare the use of a window with the one before, and with one that lies further back (definitions 24, 43)."""
    rule = view.playbook.rules.usage_velocity
    margin = Fraction(rule.margin_points)
    levels = tuple(Level(level.name, Fraction(level.percent), level.comparison, margin) for level in rule.levels)
    now = view.history.recorded(view.today - rule.days + 1, view.today)
    ends = (view.today - rule.days, view.today - rule.gap_days)  # of the windows that the two levels compare with
    for metric, first in first_recorded(view).items():
        own: dict[str | None, Fraction | None] = {}
        for level, end in zip(levels, ends, strict=True):
            begins = end - rule.days + 1
            used, before = now.get(metric, 0), view.history.recorded(begins, end).get(metric, 0)
            if first <= begins and min(used, before) >= floor_of(rule, metric) and before > 0:
                own[level.name] = Fraction(100 * used, before)
        if own:
            yield Value("usage_velocity", metric, None, levels, own=own)


def usage_decline(view: View) -> Iterator[Value]:
    """Measure by how much less was used in the window that has ended than in the one before (definition 53)."""
    rule = view.playbook.rules.usage_decline
    begins, middle = view.today - 2 * rule.days + 1, view.today - rule.days
    now = view.history.recorded(middle + 1, view.today)
    earlier = view.history.recorded(begins, middle)
    for metric, first in first_recorded(view).items():
        before = earlier.get(metric, 0)
        silent = recorders(view, metric, begins) & view.world.silent
        if first <= begins and before >= floor_of(rule, metric) and before > 0 and not silent:
            drop = max(Fraction(0), Fraction(100 * (before - now.get(metric, 0)), before))
            yield Value("usage_decline", metric, drop, (pointed(rule, rule.drop_percent, ">"),))


def recorders(view: View, metric: str, begins: int) -> set[str]:
    """Return the sources that recorded a metric from a day on."""
    uses: list[UsageRecorded | FeatureUsed] = [*view.history.within(begins, view.today, UsageRecorded)]
    uses += view.history.within(begins, view.today, FeatureUsed)
    return {use.source for use in uses if use.properties.metric == metric}


def login_decline(view: View) -> Iterator[Value]:
    """Measure by how many fewer sessions began in the window that has ended than in the one before (definition 20)."""
    rule = view.playbook.rules.login_decline
    now = len(view.history.within(view.today - rule.days + 1, view.today, SessionStarted))
    before = len(view.history.within(view.today - 2 * rule.days + 1, view.today - rule.days, SessionStarted))
    if before >= rule.sessions and before > 0:
        drop = max(Fraction(0), Fraction(100 * (before - now), before))
        yield Value("login_decline", None, drop, (pointed(rule, rule.drop_percent, ">"),))


def cost_efficiency(view: View) -> Iterator[Value]:
    """Compare what a unit costs with what it did, where more is used than was (definition 40)."""
    rule = view.playbook.rules.cost_efficiency
    middle = view.today - rule.days
    begins = middle - rule.days + 1
    for metric, first in first_recorded(view).items():
        now = [
            use for use in view.history.within(middle + 1, view.today, UsageRecorded) if use.properties.metric == metric
        ]
        past = [use for use in view.history.within(begins, middle, UsageRecorded) if use.properties.metric == metric]
        before = quantity(past)
        grown = before > 0 and 100 * quantity(now) >= rule.usage_percent * before
        dear, cheap = unit_cost(now), unit_cost(past)
        if first <= begins and before >= floor_of(rule, metric) and grown and dear is not None and cheap:
            level = pointed(rule, rule.unit_cost_percent)
            yield Value("cost_efficiency", metric, 100 * dear / cheap, (level,))


def quantity(uses: list[UsageRecorded]) -> int:
    """Return how much was used. Units: millionths."""
    return sum(millionths(use.properties.quantity) for use in uses)


def unit_cost(uses: list[UsageRecorded]) -> Fraction | None:
    """Return the cost of a unit over what was sent with its cost; None when nothing was used so."""
    priced = [use for use in uses if use.properties.cost is not None]
    if not quantity(priced):
        return None
    cost = sum(millionths(use.properties.cost) for use in priced if use.properties.cost is not None)
    return Fraction(cost, quantity(priced))


def purchased_unused(view: View) -> Iterator[Value]:
    """Count the days since a feature was purchased that nobody has used since (definition 57)."""
    rule = view.playbook.rules.purchased_unused
    uses = view.history.of(FeatureUsed)
    for feature, since in purchased_since(view).items():
        if not any(use.properties.feature == feature and day(use) >= since for use in uses):
            yield Value("purchased_unused", feature, Fraction(view.today - since), (counted(rule, rule.days),))


def purchased_since(view: View) -> dict[str, int]:
    """Return the day since which each feature has been among the purchased ones without a gap."""
    since: dict[str, int] = {}
    for update in sorted(view.history.of(AccountUpdated), key=rank):
        given = update.properties.purchased_features
        if given is None or isinstance(given, list):
            since = {feature: since.get(feature, day(update)) for feature in given or ()}
    return since


ROWS = (
    Row("usage_decline", usage_decline, by_day="ended"),
    Row("login_decline", login_decline, by_day="ended"),
    Row("purchased_unused", purchased_unused, by_day="begins"),
    Row("limit_hit_again", limit_hit_again),
    Row("feature_gap", feature_gap),
    Row("addon_problem", addon_problem),
    Row("usage_velocity", usage_velocity),
    Row("cost_efficiency", cost_efficiency),
)
