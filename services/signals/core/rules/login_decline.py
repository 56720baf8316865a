"""People come back less often: sessions of two weeks against the two before, judged when the day changes.

Source: playbook section 7, definitions 20, 24 and 35.
"""

from collections.abc import Iterator

from services.signals.core import use
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.quantities import MILLION

NAME = "login_decline"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a drop in percent."""
    rule = terms.playbook.rules.login_decline
    return (Level(None, rule.drop_percent * MILLION, ">", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the drop, 0 where sessions have grown; nothing while there were too few before."""
    rule, today = terms.playbook.rules.login_decline, account.head.today
    before = use.sessions(account, today - rule.days, rule.days)
    if before < max(1, rule.sessions):
        return
    now = use.sessions(account, today, rule.days)
    numbers: Numbers = {"sessions": now, "sessions_before": before, "days": rule.days}
    yield Measure(None, None, 100 * max(0, before - now), before, rule.days, numbers)


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell both windows, as they were judged."""
    told = measure.numbers
    text = f"{told['sessions']:,} sessions in {told['days']} days after {told['sessions_before']:,} in those before"
    return told, f"{text}, {'a drop' if measure.amount else 'no drop'}"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "percent",
    by_day="ended",
    tell=tell,
    single=True,
    unmeasured="too few sessions in the earlier window",
    example="13 sessions in 14 days after 20 in those before, a drop = 35 % (> 30 %)",
    tuning="""
    `sessions` is how many the earlier window needs, so that a quiet account says nothing; `drop_percent` must be
    exceeded. All sessions count, with and without a user. Holidays show in windows of 14 days: `days` of 28 is calmer.
    """,
)
