"""What an account's own facts name that the playbook does not know, said where somebody looks at the account.

Such a fact is taken, as its sender means it; but it has no effect, and a plan that is misspelt is the commonest reason
why no limit is ever near. Source: definitions 11 and 29.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.lookups import find_segment

__all__ = ["Notice", "notices"]

NAMED = 8


class Notice(NamedTuple):
    """What is worth knowing about an account's facts. Shape: `kind` is `plan`, `segment` or `limit`."""

    kind: str
    sentence: str


def notices(playbook: Playbook, plan: Any, segment: Any, limits: Mapping[str, Any] | None) -> Iterator[Notice]:
    """Yield what the playbook does not know of an account's plan and segment, and which limits are no limits.

    Shape: what is not given is None.
    """
    known = playbook.plans.get(plan) if isinstance(plan, str) else None
    if isinstance(plan, str) and known is None:
        yield Notice(
            "plan",
            f"plan {plan!r:.80} is not in the playbook ({_some(list(playbook.plans))}): no limits of a plan, and no "
            "features that a higher plan would open",
        )
    if isinstance(segment, str) and find_segment(playbook, segment) is None:
        names = _some([row.name for row in playbook.segments])
        yield Notice(
            "segment", f"segment {segment!r:.80} is not in the playbook ({names}): counts as not given, MRR decides"
        )
    in_force = (dict(known.limits) if known else {}) | dict(limits or {})
    for metric in sorted(metric for metric, limit in in_force.items() if limit is not None and limit == 0):
        yield Notice("limit", f"the limit of {metric!r:.80} is 0, which counts as unlimited")


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "") if names else "it has none"
