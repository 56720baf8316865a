"""A partition moves: another engine takes it over from the pages that the changelog holds, and nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.adapters import EngineSubject
from tests.oracle.agreement import assert_same_state
from tests.oracle.subject import Told
from tests.property.signals.companies import ACCOUNTS, PARTITION, PARTITIONS, companies, packed
from tests.property.signals.test_engine_agrees_with_oracle import assert_same_ever_told, flat, run_oracle


@given(st.data())
def test_a_partition_that_moves_says_what_one_that_stays_says(data: st.DataObject) -> None:
    """Each owner flushes, goes on unflushed for a while, and dies; the next has its pages alone, and goes on there."""
    company = data.draw(companies())
    oracle, expected = run_oracle(company)
    owner = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
    told: list[Told] = []
    flushed = 0  # the records whose effect lies in the pages
    for record in data.draw(packed(company)):
        told += owner.fold(record)
        match data.draw(st.sampled_from(["go on", "go on", "flush", "move"])):
            case "flush":
                owner.flush()
                flushed = len(owner.log)
            case "move":
                heir = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
                heir.store.pages.update(owner.store.pages)
                heir.log, heir.snapshots = list(owner.log), dict(owner.snapshots)
                told += heir.restart()
                assert heir.engine.offset == len(owner.log) - 1 >= flushed - 1
                owner = heir
            case _:
                pass
    assert_same_ever_told(flat(expected), told)
    for account in ACCOUNTS:
        assert_same_state(oracle.explain(account), owner.explain(account), f"at the end, of {account}")
