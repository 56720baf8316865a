"""A rule's value in one scope at one moment, exact: what is compared, what it was computed from, how it is told.

Source: playbook section 6, definition 9.
"""

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Literal

import msgspec

from shared.kernel.quantities import MILLION
from shared.kernel.triggers import Number, ScopeType

Comparison = Literal[">", ">=", "<", "<="]
Numbers = dict[str, Number | str | list[str] | None]
RISING = frozenset({">", ">="})  # the comparisons that a growing value comes to meet
REACHED: dict[str, Callable[[int, int], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
USERS = "users"  # the number that names people: who is erased leaves it (definition 67)


class Measure(msgspec.Struct, array_like=True, gc=False):
    """A rule's value in one scope: `amount / whole` in the rule's unit, compared without dividing.

    Shape: `numbers` are what the value was computed from, in the words of the evidence; `summary` is one phrase, in
    which `{users}` stands for the people in `numbers`; both are empty where the rule's row tells them when asked.
    `by_level` is for a rule whose levels each have a value of their own: the values of those that can be measured.
    """

    scope: str | None
    scope_type: ScopeType | None
    amount: int
    whole: int
    window_days: int | None
    numbers: Numbers = {}
    summary: str = ""
    by_level: "dict[str, Measure] | None" = None

    def at(self, level: str | None) -> "Measure | None":
        """Return the value that a level looks at; None when that one cannot be measured."""
        return self if self.by_level is None else self.by_level.get(level or "")

    def reaches(self, level: str | None, threshold: int, comparison: str) -> bool:
        """Tell whether a level's value has reached a threshold in millionths."""
        value = self.at(level)
        return value is not None and value.meets(threshold, comparison)

    def meets(self, threshold: int, comparison: str) -> bool:
        """Tell whether the value has reached a threshold in millionths."""
        return REACHED[comparison](self.amount * MILLION, threshold * self.whole)

    def is_over(self, threshold: int, margin: int, comparison: str) -> bool:
        """Tell whether the value has gone back past a threshold by its margin, from whichever side it came."""
        if comparison in RISING:
            return self.amount * MILLION <= (threshold - margin) * self.whole
        return self.amount * MILLION >= (threshold + margin) * self.whole

    def shown(self, threshold: Number) -> Number:
        """Return the value as people read it: two decimals, or six where two would hide the threshold."""
        if self.amount % self.whole == 0:
            return self.amount // self.whole
        near = round(self.amount / self.whole, 2)
        return round(self.amount / self.whole, 6) if near == threshold else near

    def forget(self, user_id: str) -> bool:
        """Take a person out of what is told; tell whether it was in there."""
        users = self.numbers.get(USERS)
        if not isinstance(users, list) or user_id not in users:
            return False
        users.remove(user_id)
        return True


def named(numbers: Numbers, summary: str) -> str:
    """Return the phrase, people named."""
    users = numbers.get(USERS)
    return summary.replace("{users}", ", ".join(users) or "somebody") if isinstance(users, list) else summary
