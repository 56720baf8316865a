"""One feature beyond the plan is tried again and again: its uses and refusals within the window.

Source: playbook section 6, definitions 48 and 49.
"""

from collections.abc import Iterator

from services.signals.core import use
from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms
from shared.kernel.events.feature_blocked import FeatureBlocked
from shared.kernel.phrases import counted

NAME = "feature_gap"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a count of events, with the margin of a count."""
    rule = terms.playbook.rules.feature_gap
    return (count_level(rule, rule.times),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield how often each gated feature was tried; nothing for one that was not."""
    if not account.gated:
        return
    for name in sorted(account.gated):
        number = use.tried(account, name, terms.gap_days)
        if number:
            yield Measure(name, "feature", number, 1, terms.gap_days)


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell the feature and how often."""
    number, days = measure.amount, measure.window_days
    text = f"{measure.scope} is beyond the plan and was tried {counted(number, 'time')} in {days} days"
    return {"feature": measure.scope, "times": number, "days": days}, text


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,  # the use or refusal of a gated feature that completes the number makes the rules be looked at
    "count",
    only_falls=True,
    tell=tell,
    moved_by=FLOOD | {FeatureBlocked},
    unmeasured="no feature beyond the plan was tried",
    example="sso is beyond the plan and was tried 3 times in 7 days (≥ 3)",
    tuning="""
    `times` counts events (uses and refusals, whatever their `quantity`) of all users together. `days` is at most 60: so
    long signals keeps the counts of each feature. Only features of a higher plan count, as for `gated_exploration`.
    """,
)
