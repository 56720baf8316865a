"""One criterion of the gate, answered.

Source: playbook section 5, definition 28.
"""

from fractions import Fraction

import msgspec

from shared.kernel.triggers import Number

NEARLY = (99, 100)
NONE, ALL = (0, 1), (1, 1)


class Answer(msgspec.Struct):
    """One criterion, exact, with nothing computed that nobody asks for.

    Shape: `met` None is unknown. A number is `amount / whole`; `text` is the answer of a criterion that is no number.
    """

    name: str
    required: Number | str | bool
    met: bool | None
    amount: int | float | Fraction | None = None
    whole: int = 1
    text: str | bool | None = None
    counts: bool = False  # attains by degrees, as a share of what is required
    left_out: bool = False

    @property
    def passes(self) -> bool:
        """Tell whether the criterion does not stand in the way."""
        return self.met is True or self.left_out

    @property
    def actual(self) -> int | Fraction | None:
        """The number, exact."""
        if self.whole == 1 and isinstance(self.amount, int):
            return self.amount
        return None if self.amount is None else Fraction(self.amount) / self.whole

    @property
    def attained(self) -> tuple[int, int]:
        """The attainment, 0 to 1, as a share of whole numbers; at most 0.99 while it is not met (definition 28)."""
        amount, required = self.amount, self.required
        if not self.counts or amount is None or not isinstance(required, int):
            return ALL if self.met is True else NONE
        over, under = amount.as_integer_ratio()
        under *= self.whole * required
        most = ALL if self.met else NEARLY
        if not required or over * most[1] >= most[0] * under:
            return most
        return (over, under) if over > 0 else NONE
