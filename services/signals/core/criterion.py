"""The answer to one criterion of the gate. Source: playbook section 5, definition 28."""

from fractions import Fraction

from shared.kernel.triggers import Number

NEARLY = (99, 100)
NONE, ALL = (0, 1), (1, 1)


class Answer:
    """One criterion, exact, with nothing computed that nobody asks for.

    Shape: `met` None is unknown. A number is `amount / whole`; `text` is the answer of a criterion that is no number.
    One that `counts` attains by degrees, as a share of what is required.
    """

    __slots__ = ("amount", "counts", "left_out", "met", "name", "required", "text", "whole")

    def __init__(
        self,
        name: str,
        required: Number | str | bool,
        met: bool | None,
        amount: float | Fraction | None = None,
        whole: int = 1,
        text: str | bool | None = None,
        *,
        counts: bool = False,
        left_out: bool = False,
    ) -> None:
        self.amount: int | float | Fraction | None = amount
        self.name, self.required, self.met = name, required, met
        self.whole, self.text, self.counts, self.left_out = whole, text, counts, left_out

    @property
    def said(self) -> tuple[object, ...]:
        """All of it: who says the same shows the same."""
        return self.required, self.met, self.amount, self.whole, self.text, self.counts, self.left_out

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
