"""What every rule has: a switch, a play, and, by its kind, a margin at which it has fallen back.

Source: playbook sections 6 and 7, definition 4.
"""

from typing import ClassVar

from shared.kernel.playbook.bounds import Category, Comparison, Count, Part, Points, Ratio, Slug, Text
from shared.kernel.triggers import Kind


class Rule(Part, frozen=True, kw_only=True):
    """One rule. Shape: `kind` and `category` belong to the rule and cannot be configured away from the gate."""

    kind: ClassVar[Kind] = "expansion"
    category: ClassVar[Category] = "usage"
    enabled: bool = True
    play: Slug


class PointsRule(Rule, frozen=True, kw_only=True):
    """A rule on a percentage, multiple or score: it falls back `margin_points` past its threshold."""

    margin_points: Points


class CountRule(Rule, frozen=True, kw_only=True):
    """A rule on a count: it falls back `margin_percent` of the threshold, at least `margin_minimum`."""

    margin_percent: Points
    margin_minimum: Count


class OneOffRule(Rule, frozen=True, kw_only=True):
    """A rule on happenings: each is an episode and stands `stands_days`, its own day included (definition 16)."""

    stands_days: Count


class Level(Part, frozen=True, kw_only=True):
    """One level of a rule with several. Units: whole percent."""

    name: Slug
    percent: Ratio
    comparison: Comparison
    owner_role: Slug | None = None
    response: Text | None = None
