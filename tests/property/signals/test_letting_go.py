"""Accounts let go from memory, controls that stop between accounts: nothing changes, wherever the worker dies."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.adapters import EngineSubject
from tests.oracle.agreement import assert_same_state, assert_same_told
from tests.oracle.subject import Told
from tests.property.signals.companies import ACCOUNTS, PARTITION, PARTITIONS, companies, packed
from tests.property.signals.test_engine_agrees_with_oracle import assert_same_ever_told, flat, run_oracle
from tests.property.signals.test_poisoned_lines import broken, told_by_both

EVERYTHING = 1 << 60
ALIVE = ("go on", "go on", "flush", "let go")


class Sliced(EngineSubject):
    """An engine whose controls stop after one account or a few, where something may happen."""

    def __init__(self, data: st.DataObject, between: tuple[str, ...], *args: Any) -> None:
        self.data, self.between, self.most_swept = data, between, data.draw(st.sampled_from([1, 1, 2, None]))
        super().__init__(*args)

    def _fold(self, offset: int) -> list[Told]:
        self.engine.most_swept = self.most_swept
        told = super()._fold(offset)
        while self.engine.offset < offset:
            told += self.something(self.between)
            if self.engine.offset < offset:  # after a crash all is folded anew
                told += super()._fold(offset)
        return told

    def something(self, choice: tuple[str, ...]) -> list[Told]:
        """Let something happen, and return what is said when the worker begins anew; what accounts weigh adds up."""
        shelf = self.engine.state.shelf
        assert self.engine.weight == sum(account.weight for account in shelf.accounts.values())
        match self.data.draw(st.sampled_from(choice)):
            case "flush":
                self.flush()
            case "let go":
                self.flush()
                self.engine.let_go(self.data.draw(st.sampled_from([1, EVERYTHING])))
            case "let go unflushed":
                self.engine.let_go(EVERYTHING)
            case "torn":
                self.flush(self.data.draw(st.integers(0, 4)))
                return self.restart()
            case "crash":
                return self.restart()
            case _:
                pass
        return []


def shown(subject: EngineSubject) -> list[Told]:
    """Show every account, as who dies may not have shown what it has written; return what is said, which is nothing."""
    state = subject.engine.state
    state.unshown = dict.fromkeys(account.head.account_id for account in state.shelf.each())
    subject.engine.let_go(EVERYTHING)
    return subject._drain()


@given(st.data())
def test_letting_accounts_go_changes_nothing(data: st.DataObject) -> None:
    """Whatever is let go, wherever a control stops, and wherever the worker dies: the same triggers, the same state."""
    company = data.draw(companies())
    oracle, expected = run_oracle(company)
    engine = Sliced(data, (*ALIVE, "torn", "crash"), company.playbooks(), PARTITION, PARTITIONS)
    told: list[Told] = []
    for record in data.draw(packed(company)):
        told += engine.fold(record)
        told += engine.something(("go on", "go on", "let go", "let go", "let go unflushed", "torn"))
    assert_same_ever_told(flat(expected), told + shown(engine))
    for account in ACCOUNTS:
        assert_same_state(oracle.explain(account), engine.explain(account), f"at the end, of {account}")


@given(st.data())
def test_a_line_that_fails_is_undone_when_accounts_were_let_go_and_controls_stopped(data: st.DataObject) -> None:
    """What was flushed in the middle of a control is folded anew from there, with the control."""
    company = data.draw(companies())
    judged_by = broken(company.first, "gated_exploration")
    spoiled = Sliced(data, ALIVE, [judged_by], PARTITION, PARTITIONS)
    spared = EngineSubject([judged_by], PARTITION, PARTITIONS)
    told, expected = told_by_both(company, spoiled, spared, lambda: spoiled.something((*ALIVE, "let go unflushed")))
    assert_same_told(expected, told, "over the whole log")
    assert shown(spoiled) == shown(spared) == []
    for account in ACCOUNTS:
        assert_same_state(spared.explain(account), spoiled.explain(account), f"at the end, of {account}")
