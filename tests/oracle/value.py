"""What a rule measures, and the thresholds it is compared with.

Source: playbook section 6, definitions 4 and 16.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shared.kernel.playbook.rules import CountRule, PointsRule


@dataclass(frozen=True)
class Level:
    """One threshold of a rule, with the margin at which a trigger is over: below it, or above one of `<`."""

    name: str | None
    threshold: Fraction
    comparison: str
    margin: Fraction

    def met(self, value: Fraction | None) -> bool:
        """Return whether a value fulfils the condition."""
        if value is None:
            return False
        if self.comparison == "<":
            return value < self.threshold
        return value > self.threshold if self.comparison == ">" else value >= self.threshold

    def over(self, value: Fraction | None) -> bool:
        """Return whether a trigger of this level has ended (definition 4)."""
        if value is None:
            return True
        if self.comparison == "<":
            return value >= self.threshold + self.margin
        return value <= self.threshold - self.margin


@dataclass(frozen=True)
class Value:
    """What a rule measures for one scope.

    Shape: `own` are the values of levels that are measured by themselves, by name; a one-off stands before the day
    `until`.
    """

    rule: str
    scope: str | None
    value: Fraction | None
    levels: tuple[Level, ...]
    until: int = 0
    own: Mapping[str | None, Fraction | None] = field(default_factory=dict)

    def at(self, level: Level) -> Fraction | None:
        """Return the value that a level is compared with."""
        return self.own.get(level.name, self.value)


def counted(rule: CountRule, threshold: int) -> Level:
    """Return the one level of a rule on a count."""
    return Level(
        None,
        Fraction(threshold),
        ">=",
        max(Fraction(rule.margin_minimum), Fraction(threshold * rule.margin_percent, 100)),
    )


def pointed(rule: PointsRule, threshold: int, comparison: str = ">=") -> Level:
    """Return the one level of a rule on a percentage, multiple or score."""
    return Level(None, Fraction(threshold), comparison, Fraction(rule.margin_points))
