"""What a rule measures, and the thresholds it is compared with.

Source: playbook section 6, definitions 4 and 16.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Level:
    """One threshold of a rule, with the margin below it at which a trigger is over."""

    name: str | None
    threshold: Fraction
    comparison: str
    margin: Fraction

    def met(self, value: Fraction | None) -> bool:
        """Return whether a value fulfils the condition."""
        if value is None:
            return False
        return value > self.threshold if self.comparison == ">" else value >= self.threshold

    def over(self, value: Fraction | None) -> bool:
        """Return whether a trigger of this level has ended (definition 4)."""
        return value is None or value <= self.threshold - self.margin


@dataclass(frozen=True)
class Value:
    """What a rule measures for one scope.

    Shape: `summed` starts anew with each billing period; a one-off stands before the day `until`.
    """

    rule: str
    scope: str | None
    value: Fraction | None
    levels: tuple[Level, ...]
    summed: bool = False
    until: int = 0
