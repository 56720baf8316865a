"""Pure look-ups in a playbook: plans that can be reached, gated features, limits, the segment of an account.

Source: playbook section 3, definitions 11, 29 and 48.
"""

from collections.abc import Collection, Iterator, Mapping

from shared.kernel.playbook.accounts import Segment
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.rules import Rule


def reachable_plans(playbook: Playbook, plan: str | None) -> tuple[str, ...]:
    """Return the plans above one, nearest first; none for a plan that is unknown."""
    names: list[str] = []
    row = playbook.plans.get(plan) if plan is not None else None
    while row is not None and row.next is not None:
        names.append(row.next)
        row = playbook.plans[row.next]
    return tuple(names)


def gated_features(playbook: Playbook, plan: str | None, purchased: Collection[str] = ()) -> frozenset[str]:
    """Return the features that plan and purchases lack and a reachable plan has (definition 48)."""
    if plan is None or plan not in playbook.plans:
        return frozenset()
    above = {feature for name in reachable_plans(playbook, plan) for feature in playbook.plans[name].features}
    return frozenset(above.difference(playbook.plans[plan].features, purchased))


def limit_for(
    playbook: Playbook, plan: str | None, metric: str, own: Mapping[str, int | float | str | None] | None = None
) -> int | float | str | None:
    """Return a metric's limit, None when it is unlimited or unknown; the account's own limits go before its plan's.

    Shape: 0 is unlimited too (definition 11).
    """
    if own is not None and metric in own:
        return own[metric] or None
    row = playbook.plans.get(plan) if plan is not None else None
    return (row.limits.get(metric) or None) if row is not None else None


def segment_by_key(playbook: Playbook, key: str) -> Segment:
    """Return a segment by its key. Errors: `KeyError`."""
    for row in playbook.segments:
        if row.key == key:
            return row
    raise KeyError(key)


def find_segment(playbook: Playbook, given: str | None) -> Segment | None:
    """Return the segment that a fact names, by key or name without regard to case; None when there is none such."""
    wanted = (given or "").strip().casefold()
    for row in playbook.segments:
        if wanted in (row.key.casefold(), row.name.casefold()):
            return row
    return None


def rule_names(playbook: Playbook) -> tuple[str, ...]:
    """Return the names of all rules, in the order of the playbook."""
    return playbook.rules.__struct_fields__


def each_rule(playbook: Playbook) -> Iterator[tuple[str, Rule]]:
    """Yield each rule with its name."""
    for name in playbook.rules.__struct_fields__:
        yield name, getattr(playbook.rules, name)
