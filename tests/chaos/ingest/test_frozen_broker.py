"""A broker that stands still under load: memory flat, 503 in time, the truth about readiness, and nothing lost.

Source: fault matrix 6; design (durability 1).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Self

import httpx
import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events

ACK_SECONDS = 1.0
IN_FLIGHT_BYTES = 16 << 20
SENDERS = 24
SETTLED_SECONDS = 4.0  # by then the budget is full
GROWTH_BYTES = 2 * IN_FLIGHT_BYTES + (16 << 20)  # what waits, as read and partly as packed and sent; and a heap
DRIFT_BYTES = 6 << 20
PLAIN = False  # no TLS here


class Load:
    """Senders that never rest, and what they were told. Shape: `promised` are the ids answered 200."""

    def __init__(self, ingest: IngestProcess) -> None:
        self.promised: set[str] = set()
        self.told: Counter[str] = Counter()
        self.slowest_seconds = 0.0
        self.refused_seconds: list[float] = []
        self._ingest = ingest
        self._senders: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begin to send."""
        self._senders = [asyncio.create_task(self._send(number)) for number in range(SENDERS)]
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Send no more."""
        for sender in self._senders:
            sender.cancel()
        await asyncio.gather(*self._senders, return_exceptions=True)

    async def until_promised(self, number: int, seconds: float = 40) -> None:
        """Return when so many more events were answered 200."""
        wanted = len(self.promised) + number
        async with asyncio.timeout(seconds):
            while len(self.promised) < wanted:
                assert not any(sender.done() for sender in self._senders), "a sender has failed"
                await asyncio.sleep(0.05)

    async def _send(self, sender: int) -> None:
        async with httpx.AsyncClient(
            base_url=self._ingest.url, auth=(self._ingest.key, ""), timeout=30, verify=PLAIN
        ) as client:
            number = 0
            while True:
                number += 1
                ids = [f"{sender}-{number}-{each}" for each in range(20)]
                batch = [_call(name, 20_000 if number % 4 else 200) for name in ids]
                began = time.monotonic()
                answer = await client.post("/v1/batch", json={"batch": batch})
                spent = time.monotonic() - began
                self.slowest_seconds = max(self.slowest_seconds, spent)
                self.told[f"{answer.status_code} {answer.json().get('code', '')}".strip()] += 1
                if answer.json().get("code") == "overloaded":
                    self.refused_seconds.append(spent)
                if answer.status_code == 200:
                    self.promised.update(ids)
                else:
                    assert int(answer.headers["retry-after"]) >= 1
                    await asyncio.sleep(0.05)  # a client that heeds nothing comes again at once


def _call(name: str, width: int) -> dict[str, Any]:
    account = f"a{hash(name) % 50}"
    properties = {"metric": "m", "quantity": 1, "note": "x" * width}
    return {"type": "track", "event": "usage.recorded", "messageId": name, "properties": properties,
            "context": {"groupId": account}}  # fmt: skip


@pytest.fixture
def ingest(own_kafka: Broker, tmp_path: Path, topic_prefix: str) -> Iterator[IngestProcess]:
    """A service with a short deadline and little room, and a broker of its own."""
    process = IngestProcess(
        tmp_path, own_kafka.bootstrap, topic_prefix, ack_seconds=ACK_SECONDS, in_flight_max_bytes=IN_FLIGHT_BYTES
    )
    yield process
    if process.process is not None:
        process.kill()


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.long)])
async def test_a_broker_that_stands_still_under_load(ingest: IngestProcess, own_kafka: Broker, seconds: int) -> None:
    """Every promise at once; senders go on all the while, four times as many bytes as there is room for are offered."""
    await ensure_topics(own_kafka.bootstrap, partitions=4, prefix=ingest.prefix)
    await asyncio.to_thread(ingest.start)
    async with Load(ingest) as load:
        await load.until_promised(2_000)
        before = ingest.memory_bytes()
        load.told.clear()
        with own_kafka.frozen():
            early, late = await _memory(ingest, seconds)
            assert (await asyncio.to_thread(ingest.get, "/readyz")).status_code == 503, "not ready, and says so"
            assert (await asyncio.to_thread(ingest.get, "/healthz")).status_code == 200, "alive: no reason to restart"
            in_flight = await asyncio.to_thread(ingest.metric, "upswing_ingest_in_flight_bytes")
            told, load.told = load.told, Counter()
        assert max(early + late) - before < GROWTH_BYTES, "bounded"
        assert max(late) - max(early) < DRIFT_BYTES, "flat: no more after a minute than after seconds"
        assert IN_FLIGHT_BYTES / 2 < in_flight <= IN_FLIGHT_BYTES, "the room was used, and no more than that"
        assert told["503 overloaded"] > told["503 unavailable"] > 0, told
        assert set(told) <= {"200", "503 overloaded", "503 unavailable"}, told
        assert told["200"] <= SENDERS, "what was acknowledged just before"
        assert load.slowest_seconds < ACK_SECONDS + 2, "every answer within the deadline"
        assert median(load.refused_seconds) < ACK_SECONDS / 2, "what has no room is refused at once, not after it"
        await load.until_promised(2_000)
    await asyncio.to_thread(ingest.wait_for, lambda: ingest.answers("/readyz"))
    await asyncio.to_thread(ingest.wait_for, lambda: ingest.metric("upswing_ingest_in_flight_bytes") == 0)
    assert load.promised <= {event["id"] for event in await read_events(ingest) if "id" in event}


async def _memory(ingest: IngestProcess, seconds: float) -> tuple[list[int], list[int]]:
    """Return what the process held, looked at ten times a second: until the room was full, and from then on."""
    early, late = [], []
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        (early if passed < SETTLED_SECONDS else late).append(ingest.memory_bytes())
        await asyncio.sleep(0.1)
    return early, late
