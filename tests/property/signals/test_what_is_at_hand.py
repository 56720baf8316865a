"""What an account keeps at hand between events is what would be computed anew: nobody forgets to drop it."""

from hypothesis import given

from services.signals.core import gate, health, use_windows
from services.signals.core.account import Account
from services.signals.core.terms import Terms
from services.signals.core.windows import day_sum
from tests.oracle.adapters import EngineSubject
from tests.property.signals.companies import PARTITION, PARTITIONS, Company, companies


def assert_the_way_is_barred_as_told(account: Account, terms: Terms) -> None:
    """A criterion that is said to be in the way does not pass; all pass when none is said to be."""
    barred = {a.name for a in gate.answers(account, terms) if not a.passes and a.name != "health_score"}
    said = account.gate_cache
    assert said is None or (set(said) <= barred and bool(said) == bool(barred)), (said, barred)


def assert_health_is_kept_as_it_is(account: Account, terms: Terms) -> None:
    """The components that activity does not move, and the windows of those that it does."""
    kept, account.parts = account.parts, {}
    anew = health.others(account, terms)
    assert {name: value for name, value in kept.items() if anew.get(name) != value} == {}
    account.parts = kept
    today, days = account.head.today, terms.health_days
    for metric in account.metrics.values():
        sums = day_sum(metric.cells, today, days), day_sum(metric.cells, today - days, days)
        assert use_windows.health(account, metric, terms) == sums


def assert_tickets_are_counted(account: Account) -> None:
    """Open is what was opened after it was last resolved."""
    tickets = account.days.tickets.values()
    open_now = [severity for opened, resolved, severity in tickets if opened and (not resolved or opened > resolved)]
    assert {name: number for name, number in account.open_tickets.items() if number} == {
        name: open_now.count(name) for name in set(open_now)
    }


def assert_the_segment_is_known(account: Account, terms: Terms) -> None:
    """By the facts in force and the terms."""
    kept, account.segment = account.segment, None
    assert kept in (None, terms.segment(account))


@given(companies())
def test_what_is_at_hand_is_what_would_be_computed(company: Company) -> None:
    """After every line."""
    subject = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
    for line in company.records():
        subject.fold(line)
        terms = subject.engine.state.terms
        for account in subject.engine.state.shelf.accounts.values():
            assert account.now is None
            assert_the_way_is_barred_as_told(account, terms)
            assert_health_is_kept_as_it_is(account, terms)
            assert_tickets_are_counted(account)
            assert_the_segment_is_known(account, terms)
