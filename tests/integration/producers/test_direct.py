"""Producers that write to `events` themselves: the examples of docs/producers.md as they stand, and what goes wrong.

A real broker, a real signals worker; what was folded is read from the worker's metrics and the accounts' snapshots.
"""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

from shared.io.kafka import ensure_topics
from shared.kernel.dead_letters import DeadLetter, decode_letter
from shared.kernel.errors import Reason
from shared.kernel.ids import partition_for
from shared.kernel.snapshots import decode_snapshot
from shared.kernel.topics import DEAD_LETTERS, EVENTS, SNAPSHOTS
from tests.support.broker import Broker
from tests.support.signals.worker import Worker
from upswing.trace.logbook import Logbook

PAGE = Path(__file__).parents[3] / "docs" / "producers.md"
PARTITIONS = 4
SECONDS = 30
ACCOUNTS = tuple(f"acme-{number}" for number in range(10))
FACTS = {"name": "Acme", "plan": "Starter", "seats": 5, "segment": "SMB", "onboarded_at": "2026-01-01"}
MURMUR2 = {"partitioner": "murmur2_random"}


class Log:
    """The topics of one test and the worker that folds them."""

    def __init__(self, bootstrap: str, prefix: str, worker: Worker) -> None:
        self.bootstrap, self.prefix, self.worker = bootstrap, prefix, worker
        self.topic = prefix + EVENTS.name

    def example(self, heading: str, **changes: str) -> str:
        """Return a documented example, with this test's broker and topic in place of the documented ones."""
        part = PAGE.read_text().partition(f"## {heading}")[2]
        code: str = re.findall(r"```python\n(.*?)```", part, re.DOTALL)[0]
        for before, after in {"127.0.0.1:9092": self.bootstrap, '"events"': f'"{self.topic}"', **changes}.items():
            assert before in code
            code = code.replace(before, after)
        return code

    async def run(self, code: str) -> None:
        """Run an example as a program."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate()
        assert (process.returncode, said) == (0, b""), said.decode()

    def producer(self, **options: Any) -> Producer:
        """Return a producer."""
        return Producer({"bootstrap.servers": self.bootstrap, **options})

    async def introduce(self) -> None:
        """Tell the log who the accounts are."""
        producer = self.producer(**MURMUR2)
        for account in ACCOUNTS:
            producer.produce(self.topic, event(f"facts-{account}", account, "account.updated", FACTS), key=account)
        assert producer.flush(SECONDS) == 0
        await self.folded(len(ACCOUNTS), "account.updated")

    def count(self, name: str, label: str = "") -> int:
        """Return one of the worker's counters."""
        return int(self.worker.metrics().get(f"upswing_signals_{name}_total{label}", 0))

    async def folded(self, count: int, kind: str = "usage.recorded") -> None:
        """Return when so many events of a type have been folded, and no more come."""
        label = f'{{type="{kind}"}}'
        deadline = time.monotonic() + SECONDS
        while self.count("in_events", label) < count:
            assert time.monotonic() < deadline, (self.count("in_events", label), self.worker.tail())
            assert self.worker.running, self.worker.tail()
            await asyncio.sleep(0.05)
        await self.drained()
        assert self.count("in_events", label) == count

    async def drained(self) -> None:
        """Return when everything in the log is folded and committed."""
        deadline = time.monotonic() + SECONDS
        async with Logbook(self.bootstrap, self.prefix) as book:
            while True:
                ends = await book.ends(EVENTS.name)
                done = [await book.committed("signals", EVENTS.name, number) for number in ends]
                if all(at >= end for at, end in zip(done, ends.values(), strict=True)):
                    return
                assert time.monotonic() < deadline, (done, ends, self.worker.tail())
                await asyncio.sleep(0.1)

    async def used(self, expected: dict[str, int]) -> None:
        """Check the API calls of accounts, as the snapshot explains them that is newest within seconds."""
        deadline = time.monotonic() + SECONDS
        while (found := await self._used()) | expected != found:
            assert time.monotonic() < deadline, (expected, found)
            await asyncio.sleep(0.3)

    async def _used(self) -> dict[str, int]:
        found: dict[str, int] = {}
        async with Logbook(self.bootstrap, self.prefix) as book:
            async for record in book.read(SNAPSHOTS.name, range(PARTITIONS), 0):
                snapshot = decode_snapshot(record.value)
                for row in snapshot.rules:
                    if row.rule == "usage_ceiling" and row.scope == "api_calls":
                        found[snapshot.account_id] = int(str(row.evidence.numbers["used"]))
        return found

    async def letters(self) -> list[DeadLetter]:
        """Return the dead letters."""
        async with Logbook(self.bootstrap, self.prefix) as book:
            return [decode_letter(row.value) async for row in book.read(DEAD_LETTERS.name, range(PARTITIONS), 0)]


def event(name: str, account: str, kind: str = "usage.recorded", properties: dict[str, Any] | None = None) -> bytes:
    """Return one event as a direct producer writes it."""
    given = {"metric": "api_calls", "quantity": 1} if properties is None else properties
    row = {"id": name, "type": kind, "account_id": account, "occurred_at": int(time.time() * 1000), "properties": given}
    return msgspec.json.encode(row)


@pytest.fixture
async def log(kafka: Broker, topic_prefix: str, tmp_path: Path) -> AsyncIterator[Log]:
    """Fresh topics, a worker that is ready, and accounts that are known."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text("extends: default\nversion: quick\ntime: {snapshot_seconds: 1}\n")
    worker = Worker(tmp_path, kafka.bootstrap, topic_prefix, PLAYBOOK=str(playbook))
    await asyncio.to_thread(worker.start, engine="real", ready=True)
    made = Log(kafka.bootstrap, topic_prefix, worker)
    await made.introduce()
    yield made
    worker.kill()


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


async def test_of_transactions_what_was_committed_counts_and_what_was_aborted_never(log: Log) -> None:
    """Gaps do not stop the worker, at the end of the log neither; killed and read anew the answer is the same."""
    await log.run(log.example("Transactions"))
    await log.folded(75)
    assert log.count("passed_offsets") > 0
    await asyncio.to_thread(log.worker.kill)
    log.worker.wipe()
    await asyncio.to_thread(log.worker.start, engine="real", ready=True)
    producer = log.producer(**MURMUR2)
    producer.produce(log.topic, event("after", "acme-0"), key="acme-0")
    assert producer.flush(SECONDS) == 0
    await log.drained()
    assert log.worker.running
    await log.used(dict.fromkeys(ACCOUNTS, 0) | {f"acme-{line}": 15 for line in range(5)} | {"acme-0": 16})


async def test_killed_among_transactions_the_worker_counts_each_committed_event_once(log: Log) -> None:
    """Three kills while transactions are committed and aborted in turn; what is counted twice or never would show."""
    stop, committed = asyncio.Event(), 0

    def transact(producer: Producer, number: int) -> int:
        producer.begin_transaction()
        for line in range(6):
            producer.produce(log.topic, event(f"t{number}-{line}", f"acme-{line}"), key=f"acme-{line}")
        if number % 3 == 2:
            producer.abort_transaction(SECONDS)
            return 0
        producer.commit_transaction(SECONDS)
        return 1

    async def flow() -> int:
        producer, done, number = log.producer(**MURMUR2, **{"transactional.id": f"{log.prefix}flow"}), 0, 0
        await asyncio.to_thread(producer.init_transactions, SECONDS)
        while not stop.is_set():
            done += await asyncio.to_thread(transact, producer, number)
            number += 1
            await asyncio.sleep(0.02)
        return done

    flowing = asyncio.create_task(flow())
    for _ in range(3):
        await asyncio.sleep(1)
        await asyncio.to_thread(log.worker.kill)
        await asyncio.to_thread(log.worker.start, engine="real", ready=True)
    stop.set()
    committed = await flowing
    assert committed > 5
    await log.drained()
    await log.used({f"acme-{line}": committed for line in range(6)})


async def test_an_open_transaction_holds_back_what_comes_after_it_and_then_lets_it_go(log: Log) -> None:
    """Nothing is folded that may still be aborted; what others wrote meanwhile follows in its order."""
    open_one = log.producer(**MURMUR2, **{"transactional.id": f"{log.prefix}open"})
    await asyncio.to_thread(open_one.init_transactions, SECONDS)
    open_one.begin_transaction()
    open_one.produce(log.topic, event("aborted", "acme-1"), key="acme-1")
    assert open_one.flush(SECONDS) == 0
    plain = log.producer(**MURMUR2)
    plain.produce(log.topic, event("plain", "acme-1"), key="acme-1")
    assert plain.flush(SECONDS) == 0
    await asyncio.sleep(1)
    assert log.count("in_events", '{type="usage.recorded"}') == 0
    await asyncio.to_thread(open_one.abort_transaction, SECONDS)
    await log.folded(1)
    await log.used({"acme-1": 1})


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
