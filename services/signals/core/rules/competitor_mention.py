"""A competitor was mentioned: in a ticket, a call, the CRM, or any event that says so.

Source: playbook section 7, definition 60.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.movers import SORTED
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms
from services.signals.core.windows import day_sum
from shared.kernel.clock import iso_day
from shared.kernel.events.envelope import Event

NAME = "competitor_mention"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: so many mentions."""
    rule = terms.playbook.rules.competitor_mention
    return (count_level(rule, rule.mentions),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the events of the window that mention a competitor."""
    days = terms.playbook.rules.competitor_mention.days
    mentions = account.days.standing.mentions
    yield Measure(None, None, day_sum(mentions, account.head.today, days) if mentions else 0, 1, days, {}, "")


def _mentions(event: Event) -> bool:
    said: bool = event.properties.mentions_competitor  # type: ignore[attr-defined]  # all have some
    return said


def tell(account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Return the number of mentions and the day of the latest."""
    numbers: Numbers = {"mentions": measure.amount, "days": measure.window_days}
    said = "mention" if measure.amount == 1 else "mentions"
    text = f"{measure.amount:,} {said} of a competitor in {measure.window_days} days"
    if measure.amount:
        numbers["latest_on"] = latest = iso_day(max(account.days.standing.mentions))
        text += f", the latest on {latest}"
    return numbers, text


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "count",
    only_falls=True,
    tell=tell,
    moved_by=SORTED,
    single=True,
    concerns=_mentions,
    example="2 mentions of a competitor in 30 days, the latest on 2026-03-12 (≥ 1)",
    tuning="One mention is enough. Raise `mentions` only where calls are transcribed by a machine that hears names "
    "everywhere; shorten `days` where a mention is dealt with in a week.",
)
