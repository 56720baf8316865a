"""Users explore what the plan does not hold: distinct gated features used or blocked within the window.

Source: playbook section 6, definition 48.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION

NAME = "gated_exploration"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a count of features, with the margin of a count."""
    rule = terms.playbook.rules.gated_exploration
    threshold = rule.features * MILLION
    margin = max(rule.margin_minimum * MILLION, threshold * rule.margin_percent // 100)
    return (Level(None, threshold, ">=", margin),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the number of gated features touched; it can always be measured."""
    days, features = terms.playbook.rules.gated_exploration.days, account.head.features
    oldest = account.head.today - days
    touched = sorted(name for name in account.gated if name in features and features[name].touched > oldest)
    numbers: dict[str, int | float | str | list[str] | None] = {"features": touched, "days": days}
    named = f" ({', '.join(touched)})" if touched else ""
    text = f"{len(touched)} features beyond the plan tried in {days} days{named}"
    yield Measure(None, None, len(touched), 1, days, numbers, text)


def watch(_account: Account, _terms: Terms) -> None:
    """Note nothing: the first touch of a feature on a day always makes the rules be looked at."""


ROW = RuleRow(NAME, "expansion", "usage", levels, measure, watch, "count")
