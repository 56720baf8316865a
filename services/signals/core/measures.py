"""A rule's value in one scope at one moment, exact: what is compared, what it was computed from, how it is told.

Source: playbook section 6, definition 9.
"""

from typing import Literal

import msgspec

from shared.kernel.triggers import Number, ScopeType

Comparison = Literal[">", ">=", "<", "<="]
Numbers = dict[str, Number | str | list[str] | None]
RISING = frozenset({">", ">="})  # the comparisons that a growing value comes to meet
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

    def forget(self, user_id: str) -> bool:
        """Take a person out of what is told; tell whether it was in there."""
        users = self.numbers.get(USERS)
        if not isinstance(users, list) or user_id not in users:
            return False
        users.remove(user_id)
        return True
