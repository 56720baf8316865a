"""After an event those rules are measured that it may have moved; all of them when anything may be met."""

from msgspec.structs import replace

from services.signals.core.rules import RULES
from services.signals.core.rules.movers import FLOOD, HEALTH, SORTED, STILL
from services.signals.core.steps import rows_after
from services.signals.core.terms import Terms
from shared.kernel.events import EVENT_TYPES
from shared.kernel.events.account_updated import AccountUpdated
from shared.kernel.events.ticket_opened import TicketOpened
from shared.kernel.playbook import Playbook
from shared.kernel.playbook.risk import TicketSurge
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook


def test_types_are_sorted_out_when_every_rule_says_what_moves_it() -> None:
    """A rule of the day is no event's to move; facts, departures and mentions by themselves are not sorted out."""
    assert [row.name for row in RULES if row.by_day is None and row.moved_by is None] == []
    assert {row.name for row in EVENT_TYPES if row.shape not in SORTED} == {
        "account.updated",
        "user.deactivated",
        "user.erased",
        "competitor.mentioned",
        "subscription.set",
        "effort.logged",
    }
    assert HEALTH < FLOOD | STILL < SORTED


def test_a_ticket_measures_what_a_ticket_moves() -> None:
    """Facts measure every rule that no change of day judges."""
    terms = Terms(playbook({}))
    assert {row.name for row in rows_after(terms, TicketOpened)} == {
        "ticket_surge",
        "competitor_mention",
        "health_declining",
        "health_critical",
        "contraction_risk",
        "renewal_at_risk",
        "addon_problem",
        "contract_milestone",
        "compound",
    }
    assert rows_after(terms, AccountUpdated) == tuple(row for row in RULES if row.by_day is None)


def test_what_failed_at_midnight_is_measured_after_any_event() -> None:
    """A limit is no ticket, but nobody knows what the rule would have said, until all have been measured."""
    book = playbook(WIDE_OPEN | only("ticket_surge"))
    broken = replace(book, version="broken", rules=replace(book.rules, ticket_surge=window_of(book)))
    subject = EngineSubject([book, broken])
    story = Story(subject)
    story.ready("2026-03-02 09:00")
    account = subject.engine.state.accounts["acme"]
    assert not account.overlooked
    story.judge_by("2026-03-02 11:00", broken)
    story.happens("2026-03-02 12:00", "limit.reached", metric="calls")
    assert subject.counts["rule_failures", "ticket_surge"] == 0
    story.tick("2026-03-03 00:00")
    assert (subject.counts["rule_failures", "ticket_surge"], account.overlooked) == (1, True)
    story.happens("2026-03-03 12:00", "limit.reached", metric="calls")
    assert subject.counts["rule_failures", "ticket_surge"] == 2
    story.judge_by("2026-03-03 13:00", book)
    story.happens("2026-03-03 14:00", "limit.reached", metric="calls")
    assert not subject.engine.state.accounts["acme"].overlooked


def window_of(book: Playbook) -> TicketSurge:
    """Return the rule with a window that no arithmetic bears."""
    return replace(book.rules.ticket_surge, days=None)
