"""Several signs that the account will buy less: usage, tickets, the champion, NPS, competitors. It holds expansion.

Source: playbook section 7, definitions 18 and 33.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.derived import contracting
from services.signals.core.rules.movers import NOTHING
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms

NAME = "contraction_risk"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a number of rules."""
    rule = terms.playbook.rules.contraction_risk
    return (count_level(rule, rule.rules),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the contraction score; it can always be measured."""
    days = terms.playbook.rules.contraction_risk.days
    yield Measure(None, None, len(contracting(account, terms)), 1, days)


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell which rules."""
    rules = contracting(account, terms)
    named = f" ({', '.join(rules)})" if rules else ""
    text = f"{measure.amount} of 5 signs of contraction fired within {measure.window_days} days{named}"
    return {"score": measure.amount, "rules": list(rules), "days": measure.window_days}, text


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "count",
    tell=tell,
    moved_by=NOTHING,
    derived=True,
    single=True,
    example="2 of 5 signs of contraction fired within 30 days (champion_left, ticket_surge) (≥ 2)",
    tuning="""
    `rules` of the five within `days`, open still. While it stands no expansion is started (`holds.contraction_risk`).
    Its task escalates after `escalate_days` and is overdue after `overdue_days`. A rule that is off is not counted.
    """,
)
