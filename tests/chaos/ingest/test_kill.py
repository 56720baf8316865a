"""kill -9 in the middle of requests: every event that was answered 200 is in the log, and readable."""

import asyncio
import random

import httpx
import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events, read_records

KILLS = 4
SENDERS = 8
BATCH = 20
PLAIN = False  # no TLS here, and eight contexts for it would take seconds


async def test_every_event_that_was_answered_200_is_in_the_log(
    kafka: Broker, tmp_path_factory: pytest.TempPathFactory, topic_prefix: str
) -> None:
    """Eight clients send without pause while the process is killed again and again, at moments drawn by lot."""
    await ensure_topics(kafka.bootstrap, partitions=4, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path_factory.mktemp("kill"), kafka.bootstrap, topic_prefix)
    lot = random.Random(7)  # noqa: S311 - moments of a test, the same in every run
    promised: set[str] = set()
    for round_number in range(KILLS):
        await asyncio.to_thread(ingest.start)
        stop = asyncio.Event()
        senders = [asyncio.create_task(_send(ingest, f"{round_number}-{n}", promised, stop)) for n in range(SENDERS)]
        wanted = len(promised) + SENDERS * BATCH
        async with asyncio.timeout(60):
            while len(promised) < wanted:
                await asyncio.sleep(0.01)
        await asyncio.sleep(lot.uniform(0, 0.3))
        await asyncio.to_thread(ingest.kill)
        stop.set()
        await asyncio.gather(*senders)
    assert len(promised) >= KILLS * SENDERS * BATCH
    found = {event["id"] for event in await read_events(ingest)}
    assert promised <= found
    records = await read_records(kafka.bootstrap, topic_prefix + "events")
    assert any(value is not None and value.count(b"\n") > 1 for _, _, value in records)


async def _send(ingest: IngestProcess, name: str, promised: set[str], stop: asyncio.Event) -> None:
    async with httpx.AsyncClient(base_url=ingest.url, auth=(ingest.key, ""), timeout=10, verify=PLAIN) as client:
        number = 0
        while not stop.is_set():
            number += 1
            ids = [f"{name}-{number}-{each}" for each in range(BATCH)]
            batch = [
                {"type": "track", "event": "X", "messageId": each, "context": {"groupId": f"a{index % 5}"}}
                for index, each in enumerate(ids)
            ]
            try:
                answer = await client.post("/v1/batch", json={"batch": batch})
            except httpx.TransportError:
                continue
            if answer.status_code == httpx.codes.OK:
                assert answer.json()["accepted"] == len(ids)
                promised.update(ids)
