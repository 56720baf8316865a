"""What files of the past can and cannot feed, said before they are played.

Source: playbook sections 5 to 7 and 11; definition 28 for what an unfed criterion means.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import msgspec

from shared.kernel.clock import DAY_MS, iso_day
from shared.kernel.playbook import Playbook
from shared.kernel.playbook.gate import UNKNOWN_CRITERIA
from upswing.history.needs import Kind, Need, needs_under

SHOWN_NAMES = 5
NOT_BUILT = "the data would do; this version does not look at the rule yet"


class Fed(msgspec.Struct, frozen=True):
    """Whether one rule, criterion or component can be fed; `why` says what is missing, or what its absence means.

    Shape: `built` is false for a rule that this version does not look at.
    """

    name: str
    kind: Kind
    fed: bool
    why: str
    built: bool = True


class Profile(msgspec.Struct):
    """What events hold, counted once. Shape: `tokens` are those of `needs`; `calls` is how many events there are."""

    calls: int
    tokens: Counter[str]
    accounts: int
    users: int
    plans: set[str]
    metrics: set[str]
    features: set[str]
    first_ms: int
    last_ms: int
    before_onboarding: int


def what_is_fed(found: Profile, playbook: Playbook, built: Collection[str]) -> list[Fed]:
    """Return each rule, criterion and health component with whether these data can feed it.

    Shape: `built` names the rules that this version looks at.
    """
    return [_fed(need, found, playbook, built) for need in needs_under(playbook)]


def oddities(found: Profile, playbook: Playbook) -> Iterator[str]:
    """Yield what is odd about the data, one sentence each."""
    if found.before_onboarding:
        yield (
            f"{found.before_onboarding:,} of {found.calls:,} events lie before the first facts of their account: they "
            "count in sums, but plan and limits are not known yet at that time"
        )
    unknown = sorted(found.plans.difference(playbook.plans))
    if unknown:
        yield f"the playbook knows no plan {_names(unknown)}: nothing is limited or gated for these accounts"
    limited = {metric for plan in playbook.plans.values() for metric in plan.limits}
    if unlimited := sorted(found.metrics - limited):
        yield f"no plan limits the metric {_names(unlimited)}: usage_ceiling cannot see it"
    if unmeasured := sorted(limited - found.metrics):
        yield f"plans limit {_names(unmeasured)}, which these data never measure"
    sold = {feature for plan in playbook.plans.values() for feature in plan.features}
    if found.features and not found.features & sold:
        yield "none of the features used is in any plan of the playbook: nothing is core, nothing is gated"


def span(found: Profile) -> str:
    """Return what there is, in one line."""
    days = found.last_ms // DAY_MS - found.first_ms // DAY_MS + 1
    first, last = iso_day(found.first_ms // DAY_MS), iso_day(found.last_ms // DAY_MS)
    return f"{found.accounts:,} accounts, {found.users:,} named users, {first} to {last} ({days:,} days)"


def _fed(need: Need, found: Profile, playbook: Playbook, built_rules: Collection[str]) -> Fed:
    name = f"{need.name} ({need.scope})" if need.scope else need.name
    live_only = not any(want.tokens for want in need.wants)
    built = need.kind != "rule" or live_only or need.name in built_rules
    missing = [want.what for want in need.wants if not any(token in found.tokens for token in want.tokens)]
    if missing:
        return Fed(name, need.kind, False, f"needs {' and '.join(missing)}{_consequence(need, found, playbook)}", built)
    return Fed(name, need.kind, True, "" if built else NOT_BUILT, built)


def _consequence(need: Need, found: Profile, playbook: Playbook) -> str:
    if need.kind != "criterion":
        return ""
    if need.name == "ticket_trend":
        return ": no tickets count as declining"
    asked = [key for key, row in playbook.gate.items() if getattr(row, need.name) not in (None, False)]
    if not asked:
        return ": the playbook does not ask it"
    if need.name not in UNKNOWN_CRITERIA or (need.name == "active_share_percent" and _has_seats(found)):
        return f": is never met, which keeps expansion shut for {', '.join(asked)}"
    blocked = [key for key in asked if playbook.gate[key].unknown.get(need.name) == "block"]
    return f": unknown, which blocks {', '.join(blocked)}" if blocked else ": unknown, left out (lower confidence)"


def _has_seats(found: Profile) -> bool:
    return "account.updated.seats" in found.tokens


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_NAMES])
    return shown if len(names) <= SHOWN_NAMES else f"{shown} and {len(names) - SHOWN_NAMES} more"
