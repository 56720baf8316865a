"""What a rule is: a row with a function that measures, and one that says from which value on to look again.

A rule's file ends in its `ROW`; `rules/__init__.py` lists the rows. Everything else about firing, holding, releasing
and ending is the same for all rules and lives in `episodes`. Source: playbook section 6, definitions 4 and 5.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from services.signals.core.account import Account
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION
from shared.kernel.triggers import Kind, Number, ScopeType

Comparison = Literal[">", ">="]
Unit = Literal["percent", "count", "points"]


class Level(msgspec.Struct, frozen=True):
    """One level of a rule. Units: `threshold` and `margin` in millionths of the rule's unit."""

    name: str | None
    threshold: int
    comparison: Comparison
    margin: int
    owner_role: str | None = None
    response: str | None = None


class Measure(msgspec.Struct, gc=False):
    """A rule's value in one scope: `amount / whole` in the rule's unit, compared without dividing.

    Shape: `numbers` are what the value was computed from, in the words of the evidence; `summary` is one phrase.
    """

    scope: str | None
    scope_type: ScopeType | None
    amount: int
    whole: int
    window_days: int | None
    numbers: dict[str, Number | str | list[str] | None]
    summary: str

    def meets(self, threshold: int, comparison: str) -> bool:
        """Tell whether the value has reached a threshold in millionths."""
        left, right = self.amount * MILLION, threshold * self.whole
        return left > right if comparison == ">" else left >= right

    def has_fallen_to(self, bound: int) -> bool:
        """Tell whether the value is at or below a bound in millionths."""
        return self.amount * MILLION <= bound * self.whole

    def shown(self, threshold: Number) -> Number:
        """Return the value as people read it: two decimals, or six where two would hide the threshold."""
        if self.amount % self.whole == 0:
            return self.amount // self.whole
        near = round(self.amount / self.whole, 2)
        return round(self.amount / self.whole, 6) if near == threshold else near


class RuleRow(msgspec.Struct, frozen=True):
    """One rule.

    Shape: `levels` gives its levels in rising order under some terms; `measure` yields a value for each scope that can
    be measured now; `watch` notes on the account the values from which the rule must be looked at again;
    `scope_levels` is given where the levels depend on the scope, `ends_with_period` where the turn of the billing
    period ends triggers (definition 7).
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
