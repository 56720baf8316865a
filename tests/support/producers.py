"""Producers that write to `events` themselves: a log, the worker that folds it, and what has come of it."""

import asyncio
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Producer

from shared.kernel.dead_letters import DeadLetter, decode_letter
from shared.kernel.snapshots import decode_snapshot
from shared.kernel.topics import DEAD_LETTERS, EVENTS, SNAPSHOTS
from tests.support.signals.worker import Worker
from upswing.trace.logbook import Logbook

__all__ = ["ACCOUNTS", "MURMUR2", "PARTITIONS", "SECONDS", "Log", "event"]

PAGE = Path(__file__).parents[2] / "docs" / "producers.md"
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
