"""What a rule is: a row with a function that measures, and one that says from which value on to look again.

There are three sorts (definitions 16 and 35): *states* are looked at after every record and at changes of day, *rules
of the day* at changes of day only, *one-offs* when their event arrives. A rule's file ends in its `ROW`;
`rules/__init__.py` lists the rows. Everything else about firing, holding, releasing and ending is the same for all
rules of a sort and lives in `episodes`, `day_rules` and `one_offs`.
Source: playbook section 6, definitions 4, 5, 16, 23 and 35.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from services.signals.core.account import Account
from services.signals.core.measures import Measure
from services.signals.core.terms import Terms
from shared.kernel.events.envelope import Event
from shared.kernel.quantities import MILLION
from shared.kernel.triggers import Kind

__all__ = ["Comparison", "Level", "Measure", "RuleRow", "Unit", "least_amount", "no_watch", "spent_from"]

Comparison = Literal[">", ">=", "<", "<="]
Unit = Literal["percent", "count", "points"]


class Level(msgspec.Struct, frozen=True):
    """One level of a rule. Units: `threshold` and `margin` in millionths of the rule's unit."""

    name: str | None
    threshold: int
    comparison: Comparison
    margin: int
    owner_role: str | None = None
    response: str | None = None


class RuleRow(msgspec.Struct, frozen=True):
    """One rule.

    Shape: `levels` gives its levels in rising order under some terms; `measure` yields a value for each scope that can
    be measured now; `watch` notes on the account the values from which the rule must be looked at again;
    `scope_levels` is given where the levels depend on the scope, `ends_with_period` where the turn of the billing
    period ends triggers (definition 7). A rule of the day has `by_day`: `measure` then answers for the windows that end
    on the account's today, which is the day that has just ended; `covered` tells whether its window is covered by what
    the account has told, and what holds when it first is counts as fired. A one-off has `happening`: it yields a value
    for each scope in which an event fires, and `stands_days` says how long that stands. `unmeasured` is said of a rule
    without a value.
    """

    name: str
    kind: Kind
    category: str
    levels: Callable[[Terms], tuple[Level, ...]]
    measure: Callable[[Account, Terms], Iterator[Measure]]
    watch: Callable[[Account, Terms], None]
    unit: Unit
    scope_levels: Callable[[Terms, str | None], tuple[Level, ...]] | None = None
    ends_with_period: Callable[[Account, str | None], bool] | None = None
    by_day: bool = False
    covered: Callable[[Account, Terms], bool] | None = None
    happening: Callable[[Account, Terms, Event], Iterator[Measure]] | None = None
    stands_days: Callable[[Terms], int] | None = None
    unmeasured: str = "not measured"

    def levels_for(self, terms: Terms, scope: str | None) -> tuple[Level, ...]:
        """Return the levels of a scope, in rising order."""
        key = (self.name, None if self.scope_levels is None else scope)
        found: tuple[Level, ...] | None = terms.memo.get(key)
        if found is None:
            found = self.levels(terms) if self.scope_levels is None else self.scope_levels(terms, scope)
            terms.memo[key] = found
        return found


def spent_from(account: Account, rule: str, scope: str | None, levels: tuple[Level, ...]) -> int:
    """Return the index of the first level above all that have fired and not ended; only those can fire."""
    episodes = account.episodes
    for index in range(len(levels) - 1, -1, -1):
        if (rule, scope, levels[index].name) in episodes:
            return index + 1
    return 0


def least_amount(level: Level, whole: int) -> int:
    """Return the least integer amount that meets a level for a given whole."""
    right = level.threshold * whole
    return right // MILLION + 1 if level.comparison == ">" else -(-right // MILLION)


def no_watch(_account: Account, _terms: Terms) -> None:
    """Note nothing: whatever moves the value makes the rules be looked at."""
