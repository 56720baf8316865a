"""Producers that write to `events` themselves: the examples of docs/producers.md as they stand, and what goes wrong.

A real broker, a real signals worker; what was folded is read from the worker's metrics and the accounts' snapshots.
"""

from shared.kernel.errors import Reason
from shared.kernel.ids import partition_for
from tests.support.producers import ACCOUNTS, MURMUR2, PARTITIONS, SECONDS, Log, event


async def test_the_documented_examples_are_counted_once_and_are_in_their_place(log: Log) -> None:
    """confluent-kafka with murmur2, and aiokafka: a hundred events each, none misplaced."""
    await log.run(log.example("confluent-kafka"))
    await log.run(log.example("aiokafka"))
    await log.folded(200)
    assert log.count("misplaced_events") == 0
    await log.used(dict.fromkeys(ACCOUNTS, 20))


async def test_without_the_partitioner_events_are_sent_on_and_counted_once(log: Log) -> None:
    """The default of librdkafka hashes otherwise: what is misplaced moves with its id; a repeat counts nothing."""
    code = log.example("confluent-kafka", **{'        "partitioner": "murmur2_random",': "        #"})
    await log.run(code)
    await log.folded(100)
    misplaced = log.count("misplaced_events")
    assert 0 < misplaced < 100
    await log.run(code)
    await log.drained()
    assert log.count("misplaced_events") == 2 * misplaced
    assert log.count("duplicate_events") == 100
    await log.used(dict.fromkeys(ACCOUNTS, 10))


async def test_keys_headers_and_compression_are_as_documented(log: Log) -> None:
    """No key and a wrong one are misplaced at most; every compression is read; headers and tombstones are nothing."""
    for kind in ("none", "gzip", "snappy", "lz4", "zstd"):
        producer = log.producer(**MURMUR2, **{"compression.type": kind, "linger.ms": 50})
        for number in range(20):
            producer.produce(log.topic, event(f"{kind}-{number}", "acme-2"), key="acme-2", headers={"trace": b"\xff"})
        assert producer.flush(SECONDS) == 0
    home = partition_for("acme-3", PARTITIONS)
    producer = log.producer(**MURMUR2)
    for number in range(PARTITIONS):
        producer.produce(log.topic, event(f"none-{number}", "acme-3"), partition=number)
        producer.produce(log.topic, event(f"wrong-{number}", "acme-3"), key="somebody", partition=number)
    producer.produce(log.topic, None, key="acme-3", partition=home)
    producer.produce(log.topic, b"", key="acme-3", partition=home)
    producer.produce(log.topic, b"\n \n", key="acme-3", partition=home)
    assert producer.flush(SECONDS) == 0
    await log.folded(100 + 2 * PARTITIONS)
    assert log.count("misplaced_events") == 2 * (PARTITIONS - 1)
    assert await log.letters() == []
    await log.used({"acme-2": 100, "acme-3": 2 * PARTITIONS})


async def test_what_cannot_be_used_is_on_dead_letters_with_its_reason_and_stops_nothing(log: Log) -> None:
    """Each by itself, and between good lines of one record; what is too large the broker refuses."""
    bad = {
        b"\xff\xfe": Reason.UNREADABLE,
        b"[1, 2]": Reason.NOT_AN_OBJECT,
        event("b1", "acme-4", "usage.imagined"): Reason.UNKNOWN_TYPE,
        event("b2", "acme-4", properties={"metric": "api_calls"}): Reason.MISSING_FIELD,
        event("b3", "acme-4", properties={"metric": "api_calls", "quantity": -1}): Reason.OUT_OF_RANGE,
        b'{"type":"session.started","id":"b4","account_id":"acme-4"}': Reason.MISSING_FIELD,
    }
    producer = log.producer(**MURMUR2, **{"message.max.bytes": 16 << 20})
    for value in bad:
        producer.produce(log.topic, value, key="acme-4")
    producer.produce(log.topic, b"\n".join([event("g1", "acme-4"), b"{", event("g2", "acme-4")]), key="acme-4")
    refused: list[object] = []
    producer.produce(
        log.topic, b"x" * (5 << 20), key="acme-4", on_delivery=lambda error, _message: refused.append(error)
    )
    producer.produce(log.topic, event("g3", "acme-4"), key="acme-4")
    assert producer.flush(SECONDS) == 0
    await log.folded(3)
    assert "MSG_SIZE_TOO_LARGE" in str(refused[0]) or "too large" in str(refused[0]).lower()
    letters = await log.letters()
    assert sorted(letter.reason for letter in letters) == sorted([*bad.values(), Reason.UNREADABLE])
    await log.used({"acme-4": 3})
