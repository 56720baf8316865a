"""Silent sources: the engine says what the oracle says, in whatever order controls come and wherever it is killed."""

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.clock import HOUR_MS, parse_instant
from tests.oracle.adapters import EngineSubject, OracleSubject
from tests.oracle.subject import Told
from tests.oracle.writing import WIDE_OPEN, control, playbook

NOON = parse_instant("2026-03-02T12:00:00Z")
PARTITIONS = 3

instants = st.integers(0, 40).map(lambda hours: NOON + hours * HOUR_MS)
heard = st.builds(
    lambda source, at, silent: control("source", at, source=source, silent=silent, last_heard_at=at),
    st.sampled_from(["web", "ios", "server", "crm"]),
    instants,
    st.booleans(),
)
switched = st.builds(
    lambda rule, at, enabled: control("rule", at, rule=rule, enabled=enabled),
    st.sampled_from(["source_silent", "seat_saturation"]),
    instants,
    st.booleans(),
)
backfill = st.builds(
    lambda at, state: control("backfill", at, state=state), instants, st.sampled_from(["begin", "end"])
)
ticked = st.builds(lambda at, live: control("tick", at, live=live), instants, st.booleans())
logs = st.lists(st.one_of(heard, heard, heard, switched, backfill, ticked), min_size=1, max_size=30)


@given(logs, st.integers(0, PARTITIONS - 1), st.data())
def test_the_engine_says_what_the_oracle_says_and_a_restart_repeats_it(
    log: list[bytes], partition: int, data: st.DataObject
) -> None:
    """Record by record; then killed at one of them, and the rest is said again with the same ids."""
    book = [playbook(WIDE_OPEN)]
    oracle, engine = (kind(book, partition, PARTITIONS) for kind in (OracleSubject, EngineSubject))
    flushed = data.draw(st.integers(0, len(log)), label="flushed after")
    told: list[list[Told]] = []
    for number, line in enumerate(log):
        said = engine.fold(line)
        assert said == oracle.fold(line)
        told.append(said)
        if number + 1 == flushed:
            engine.flush()
    assert engine.restart() == [one for said in told[flushed:] for one in said]


@given(logs)
def test_every_trigger_is_told_by_one_partition_and_ended_once(log: list[bytes]) -> None:
    """Over all partitions, each id fires or is held once, and is released and resolved once at most."""
    engines = [EngineSubject([playbook(WIDE_OPEN)], partition, PARTITIONS) for partition in range(PARTITIONS)]
    told = [(one.trigger_id, one.record) for line in log for engine in engines for one in engine.fold(line)]
    assert len(told) == len(set(told))
    for name in {trigger for trigger, _ in told}:
        records = [record for trigger, record in told if trigger == name]
        assert records in (
            [first, *rest]
            for first, rests in {
                "fired": ([], ["resolved"]),
                "held": ([], ["resolved"], ["released"], ["released", "resolved"]),
            }.items()
            for rest in rests
        )
