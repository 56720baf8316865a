"""Tickets come in far faster than before.

Source: playbook section 7, definitions 24 and 54.
"""

from collections.abc import Iterator

from services.signals.core import health
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms
from shared.kernel.events.ticket_opened import TicketOpened
from shared.kernel.phrases import counted
from shared.kernel.quantities import MILLION

NAME = "ticket_surge"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a share of the window before, in percent."""
    rule = terms.playbook.rules.ticket_surge
    return (Level(None, rule.percent * MILLION, ">=", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the tickets of the window against those of the one before; none before count as one."""
    rule = terms.playbook.rules.ticket_surge
    now, before = health.tickets(account, rule.days)
    if now >= rule.tickets:
        yield Measure(None, None, 100 * now, max(1, before), rule.days, {}, "")


def tell(account: Account, terms: Terms, _measure: Measure) -> tuple[Numbers, str]:
    """Return both numbers of tickets."""
    days = terms.playbook.rules.ticket_surge.days
    now, before = health.tickets(account, days)
    numbers: Numbers = {"tickets": now, "tickets_before": before, "days": days}
    return numbers, f"{counted(now, 'ticket')} in {days} days after {before:,} in the {days} days before"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "percent",
    tell=tell,
    moved_by=frozenset({TicketOpened}),
    single=True,
    unmeasured="too few tickets",
    example="12 tickets in 30 days after 4 in the 30 days before = 300 % (≥ 200 %)",
    tuning="Raise `percent` where tickets come and go in waves, and `tickets` where accounts open many: below that "
    "number nothing is a surge. Reopening an id counts again, so send `ticket.opened` once where that is not meant.",
)
