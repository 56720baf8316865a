"""Users explore what the plan does not hold: distinct gated features used or blocked within the window.

Source: playbook section 6, definition 48.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms
from shared.kernel.events.feature_blocked import FeatureBlocked
from shared.kernel.phrases import counted

NAME = "gated_exploration"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a count of features, with the margin of a count."""
    rule = terms.playbook.rules.gated_exploration
    return (count_level(rule, rule.features),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the number of gated features touched; it can always be measured."""
    yield Measure(None, None, len(_touched(account, terms)), 1, terms.gated_days)


def _touched(account: Account, terms: Terms) -> list[str]:
    features, oldest = account.head.features, account.head.today - terms.gated_days
    return [name for name in account.gated if name in features and features[name].touched > oldest]


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell the features."""
    touched, days = sorted(_touched(account, terms)), measure.window_days
    named, features = f" ({', '.join(touched)})" if touched else "", counted(len(touched), "feature")
    return {"features": touched, "days": days}, f"{features} beyond the plan tried in {days} days{named}"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,  # the first touch of a feature on a day always makes the rules be looked at
    "count",
    only_falls=True,
    tell=tell,
    moved_by=FLOOD | {FeatureBlocked},
    single=True,
    example="3 features beyond the plan tried in 14 days (automation, integrations, segments) (≥ 3)",
    tuning="""
    `features` and `days`. Only features of a higher plan count, so keep `plans.<plan>.features` and `next` true:
    without a known plan nothing is gated. What was bought by itself (`purchased_features`) does not count.
    """,
)
