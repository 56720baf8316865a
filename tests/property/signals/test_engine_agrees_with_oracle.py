"""The engine says what the definitions say, whatever the log, the packing, the restarts and the crashes."""

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.adapters import EngineSubject, OracleSubject
from tests.oracle.agreement import assert_same_state, assert_same_told, by_account, same_told
from tests.oracle.subject import Told
from tests.property.signals.companies import ACCOUNTS, PARTITION, PARTITIONS, Company, companies, packed


def run_oracle(company: Company) -> tuple[OracleSubject, list[list[Told]]]:
    """Return the oracle after the whole log, and what it said at each line."""
    oracle = OracleSubject(company.playbooks(), PARTITION, PARTITIONS)
    return oracle, [oracle.fold(line) for line in company.records()]


def flat(told: list[list[Told]]) -> list[Told]:
    """Return what was said, without the records it was said at."""
    return [one for some in told for one in some]


@given(companies())
def test_same_triggers_at_every_line_and_same_state_at_the_end(company: Company) -> None:
    """Line by line the same records in the same order; at the end the same health, gate and open triggers."""
    oracle = OracleSubject(company.playbooks(), PARTITION, PARTITIONS)
    engine = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
    for number, line in enumerate(company.records()):
        assert_same_told(oracle.fold(line), engine.fold(line), f"at line {number}: {line.decode(errors='replace')}")
    for account in ACCOUNTS:
        assert_same_state(oracle.explain(account), engine.explain(account), f"at the end, of {account}")


@given(st.data())
def test_packing_changes_nothing(data: st.DataObject) -> None:
    """The same lines in other records: the same triggers, and the same state."""
    company = data.draw(companies())
    oracle, expected = run_oracle(company)
    engine = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
    told = [engine.fold(record) for record in data.draw(packed(company))]
    assert_same_told(flat(expected), flat(told), "over the whole log")
    for account in ACCOUNTS:
        assert_same_state(oracle.explain(account), engine.explain(account), f"at the end, of {account}")


@given(st.data())
def test_restarts_and_crashes_lose_and_invent_nothing(data: st.DataObject) -> None:
    """After whole flushes, partial ones (a prefix of the groups) and none: every trigger, and only those.

    A crash without a flush may also lose what was said since the last one; the replay says it again, by the same ids.
    """
    company = data.draw(companies())
    oracle, expected = run_oracle(company)
    engine = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
    delivered: list[Told] = []
    unsure: list[Told] = []
    for record in data.draw(packed(company)):
        unsure += engine.fold(record)
        match data.draw(st.sampled_from(["go on", "go on", "go on", "flush", "crash", "torn", "stop"])):
            case "flush":
                delivered, unsure = delivered + unsure, []
                engine.flush()
            case "stop":
                delivered, unsure = delivered + unsure, []
                engine.flush()
                unsure += engine.restart()
            case "torn":
                delivered, unsure = delivered + unsure, []
                engine.flush(data.draw(st.integers(0, 4)))
                unsure += engine.restart()
            case "crash":
                unsure = engine.restart()
            case _:
                pass
    assert_same_ever_told(flat(expected), delivered + unsure)
    for account in ACCOUNTS:
        assert_same_state(oracle.explain(account), engine.explain(account), f"at the end, of {account}")


def assert_same_ever_told(expected: list[Told], actual: list[Told]) -> None:
    """Fail unless the same records were said, repetitions aside."""
    wanted, found = by_account(expected), by_account(actual)
    for account in wanted.keys() | found.keys():
        ours = {(one.trigger_id, one.record): one for one in wanted.get(account, [])}
        theirs = {(one.trigger_id, one.record): one for one in found.get(account, [])}
        missing = [str(ours[key]) for key in ours.keys() - theirs.keys()]
        invented = [str(theirs[key]) for key in theirs.keys() - ours.keys()]
        assert not missing, f"missing of {account}: {missing}"
        assert not invented, f"invented of {account}: {invented}"
        for key, one in ours.items():
            assert same_told(one, theirs[key]), f"oracle: {one!r}\nengine: {theirs[key]!r}"
