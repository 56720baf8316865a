"""A line at which a rule fails is as if it had never been written, whatever surrounds it."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.kernel.playbook import Playbook
from tests.oracle.adapters import EngineSubject
from tests.oracle.agreement import assert_same_state, assert_same_told
from tests.oracle.subject import Told
from tests.property.signals.companies import ACCOUNTS, PARTITION, PARTITIONS, Company, companies
from tests.property.signals.playbooks import PLAYBOOKS


def broken(name: str, rule: str) -> Playbook:
    """Return a playbook under which a rule fails when it fires: its play is missing."""
    whole = PLAYBOOKS[name]
    play = getattr(whole.rules, rule).play
    return replace(whole, plays={key: row for key, row in whole.plays.items() if key != play})


def told_by_both(
    company: Company, spoiled: EngineSubject, spared: EngineSubject, after_each: Callable[[], list[Told]]
) -> tuple[list[Told], list[Told]]:
    """Return what one says who meets each line, and one who is spared those that fail; it may be said after a line."""
    told, expected = list[Told](), list[Told]()
    for line in company.records():
        if b"control.playbook" in line or b"control.rule" in line:
            continue
        failures = spoiled.counts["rejected", "rule_failed"]
        told += spoiled.fold(line)
        failed = spoiled.counts["rejected", "rule_failed"] > failures
        expected += spared.fold(b"" if failed else line)
        told += after_each()
    return told, expected


@given(st.data())
def test_poisoned_lines_are_as_if_never_written(data: st.DataObject) -> None:
    """Only `gated_exploration` fails, which fires at events alone while no playbook or switch changes its terms."""
    company = data.draw(companies())
    judged_by = broken(company.first, "gated_exploration")
    spoiled = EngineSubject([judged_by], PARTITION, PARTITIONS)
    spared = EngineSubject([judged_by], PARTITION, PARTITIONS)

    def flush_now_and_then() -> list[Told]:
        if data.draw(st.integers(0, 4)) == 4:
            spoiled.flush()
        return []

    told, expected = told_by_both(company, spoiled, spared, flush_now_and_then)
    assert_same_told(expected, told, "over the whole log")
    for account in ACCOUNTS:
        assert_same_state(spared.explain(account), spoiled.explain(account), f"at the end, of {account}")
    assert spared.counts["rejected", "rule_failed"] == 0
