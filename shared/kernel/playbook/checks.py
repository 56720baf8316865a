"""What only makes sense together: names that refer to each other, levels that rise, windows within the horizon.

Shape: each check yields one sentence per problem: path, what was found, what is allowed. Source: definition 74.
"""

from collections.abc import Callable, Iterator

import msgspec

from shared.kernel.events import BY_NAME
from shared.kernel.playbook.checks_routing import check_csql, check_ownership, check_plays
from shared.kernel.playbook.checks_tracking import check_tracking
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.offers import Plan, Problem
from shared.kernel.playbook.rules import Level
from shared.kernel.playbook.sentences import rising, twice, unknown
from shared.kernel.playbook.windows import compared_days

_WHOLE = 100
Check = Callable[[Playbook], Iterator[str]]


def check_segments(playbook: Playbook) -> Iterator[str]:
    """Segments rise by contract value, the last without end, and each part that goes by segment knows them all."""
    keys = [row.key for row in playbook.segments]
    if not keys:
        yield "segments: found none, at least one is needed"
        return
    if len(set(keys)) != len(keys):
        yield f"segments: found {keys}, each key may stand once"
    bounds = [row.acv_below for row in playbook.segments]
    for place, bound in enumerate(bounds[:-1]):
        if bound is None:
            yield f"segments.{place}.acv_below: found null, only the last segment has no upper end"
            return
        if place and bound <= (bounds[place - 1] or 0):
            yield f"segments.{place}.acv_below: found {bound}, allowed is more than {bounds[place - 1]}"
    if bounds[-1] is not None:
        path = f"segments.{len(bounds) - 1}.acv_below"
        yield f"{path}: found {bounds[-1]}, the last segment has no upper end: leave it out"
    for part in ("gate", "milestones", "routing"):
        given = getattr(playbook, part)
        yield from (f"{part}: {key} is missing, every segment needs one" for key in keys if key not in given)
    for path, names in _segment_names(playbook):
        yield from (unknown(f"{path}.{name}", name, "a segment", keys) for name in names if name not in keys)


def _segment_names(playbook: Playbook) -> Iterator[tuple[str, list[str]]]:
    for part in ("gate", "milestones", "routing"):
        yield part, list(getattr(playbook, part))
    yield "estimates.guess_percent_by_segment", list(playbook.estimates.guess_percent_by_segment)
    yield "ownership.pooled_segments", list(playbook.ownership.pooled_segments)
    for name, play in playbook.plays.items():
        yield f"plays.{name}.channels", list(play.channels)


def check_plans(playbook: Playbook) -> Iterator[str]:
    """The plan above exists, and going up ends."""
    for name, plan in playbook.plans.items():
        seen = [name]
        above = plan.next
        while above is not None:
            if above not in playbook.plans:
                yield unknown(f"plans.{seen[-1]}.next", above, "a plan", list(playbook.plans))
                return
            if above in seen:
                way = " > ".join([*seen, above])
                yield f"plans.{seen[-1]}.next: found {above!r}, which leads back to itself: {way}"
                return
            seen.append(above)
            above = playbook.plans[above].next
        yield from _check_plan(name, plan)


def _check_plan(name: str, plan: Plan) -> Iterator[str]:
    yield from twice(f"plans.{name}.features", plan.features)
    for metric in plan.unit_prices:
        if metric not in plan.limits:
            yield unknown(
                f"plans.{name}.unit_prices.{metric}", metric, "a limited metric of the plan", list(plan.limits)
            )


def check_features(playbook: Playbook) -> Iterator[str]:
    """Core features, prerequisites and the features of products are features of some plan."""
    known = sorted({feature for plan in playbook.plans.values() for feature in plan.features})
    yield from twice("core_features", playbook.core_features)
    for path, features in _feature_names(playbook):
        for place, feature in enumerate(features):
            if feature not in known:
                yield unknown(f"{path}.{place}", feature, "a feature of a plan", known)
    for key, row in playbook.gate.items():
        if row.core_features > len(playbook.core_features):
            allowed = f"allowed is at most {len(playbook.core_features)}, the number of core_features"
            yield f"gate.{key}.core_features: found {row.core_features}, {allowed}"


def _feature_names(playbook: Playbook) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "core_features", playbook.core_features
    for name, product in playbook.products.items():
        yield f"products.{name}.features", product.features
        yield f"products.{name}.prerequisites", product.prerequisites
    for name, addon in playbook.addons.items():
        yield f"addons.{name}.prerequisites", addon.prerequisites


def check_event_types(playbook: Playbook) -> Iterator[str]:
    """Every event type that an offer's problem names is one of ours."""
    for part in ("products", "addons"):
        for name, offer in getattr(playbook, part).items():
            problem: Problem | None = offer.problem
            if problem and problem.type not in BY_NAME:
                yield unknown(f"{part}.{name}.problem.type", problem.type, "an event type", sorted(BY_NAME))


def check_levels(playbook: Playbook) -> Iterator[str]:
    """The levels of a rule rise strictly and each has its own name."""
    for name in playbook.rules.__struct_fields__:
        levels: tuple[Level, ...] = getattr(getattr(playbook.rules, name), "levels", ())
        yield from twice(f"rules.{name}.levels", tuple(level.name for level in levels))
        if not levels and hasattr(getattr(playbook.rules, name), "levels"):
            yield f"rules.{name}.levels: found none, at least one is needed"
        for place in range(1, len(levels)):
            below, level = levels[place - 1].percent, levels[place].percent
            if level <= below:
                yield f"rules.{name}.levels.{place}.percent: found {level}, allowed is more than {below}: levels rise"


def check_windows(playbook: Playbook) -> Iterator[str]:
    """No window, both together where two are compared, reaches back beyond the horizon."""
    horizon = playbook.time.horizon_days
    for path, days in compared_days(playbook):
        if days > horizon:
            yield f"{path}: reaches back {days} days, allowed is at most time.horizon_days = {horizon}"


def check_sums(playbook: Playbook) -> Iterator[str]:
    """Weights add up, and ranges go from low to high."""
    for part in ("health", "whitespace"):
        total = sum(msgspec.structs.astuple(getattr(playbook, part).weights))
        if total != _WHOLE:
            yield f"{part}.weights: found a sum of {total}, allowed is 100"
    if playbook.health.critical >= playbook.health.green:
        green = playbook.health.green
        yield f"health.critical: found {playbook.health.critical}, allowed is less than health.green = {green}"
    for name in ("contract_milestone", "renewal_at_risk"):
        rule = getattr(playbook.rules, name)
        if rule.from_days > rule.to_days:
            yield f"rules.{name}.from_days: found {rule.from_days}, allowed is at most to_days = {rule.to_days}"
    for key, motion in playbook.routing.items():
        if motion.cycle_days.shortest > motion.cycle_days.longest:
            longest = motion.cycle_days.longest
            yield f"routing.{key}.cycle_days.shortest: found {motion.cycle_days.shortest}, allowed is at most {longest}"


def check_orders(playbook: Playbook) -> Iterator[str]:
    """What is listed in an order rises in it, and what belongs together fits."""
    yield from rising("whitespace.interest", "requests", [row.requests for row in playbook.whitespace.interest])
    yield from rising("calendar", "month", [row.month for row in playbook.calendar])
    ends = [row.to_day for row in playbook.lifecycle.stages]
    if not ends or ends[-1] is not None or None in ends[:-1]:
        yield "lifecycle.stages: exactly the last stage has no to_day"
        return
    yield from rising("lifecycle.stages", "to_day", [end for end in ends if end is not None])
    for path, days, most, limit in _parts(playbook):
        if days > most:
            yield f"{path}: found {days}, allowed is at most {limit} = {most}"


def _parts(playbook: Playbook) -> Iterator[tuple[str, int, int, str]]:
    measures, rules = playbook.measures, playbook.rules
    yield "measures.adopted_days", measures.adopted_days, measures.adopted_window_days, "measures.adopted_window_days"
    limit = rules.limit_hit_again
    yield "rules.limit_hit_again.rearm_percent", limit.rearm_percent, limit.reached_percent, "reached_percent"
    risk = rules.contraction_risk
    yield "rules.contraction_risk.escalate_days", risk.escalate_days, risk.overdue_days, "overdue_days"


CHECKS: tuple[Check, ...] = (
    check_segments,
    check_plans,
    check_features,
    check_tracking,
    check_event_types,
    check_plays,
    check_csql,
    check_ownership,
    check_levels,
    check_windows,
    check_sums,
    check_orders,
)
STORED_CHECKS: tuple[Check, ...] = tuple(check for check in CHECKS if check is not check_tracking)
