"""A broker that freezes or restarts: 503 within the deadline, and work resumes unaided."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events

ACK_SECONDS = 2.0


@pytest.fixture
def ingest(own_kafka: Broker, tmp_path: Path, topic_prefix: str) -> Iterator[IngestProcess]:
    """A service with a short deadline, and a broker of its own."""
    process = IngestProcess(tmp_path, own_kafka.bootstrap, topic_prefix, ack_seconds=ACK_SECONDS)
    yield process
    if process.process is not None:
        process.kill()


def _events(name: str, count: int = 1) -> list[dict[str, Any]]:
    properties = {"metric": "m", "quantity": 1}
    return [
        {"id": f"{name}-{number}", "type": "usage.recorded", "account_id": f"a{number}", "properties": properties}
        for number in range(count)
    ]


async def test_a_frozen_broker_gives_503_within_the_deadline_and_work_resumes(
    ingest: IngestProcess, own_kafka: Broker
) -> None:
    """Every event that was answered 200 is in the log; a client's second attempt is what makes the others certain."""
    await ensure_topics(own_kafka.bootstrap, partitions=4, prefix=ingest.prefix)
    ingest.start()
    assert ingest.post("/v1/events", _events("before", 20)).status_code == 200
    with own_kafka.frozen():
        began = time.monotonic()
        answer = ingest.post("/v1/events", _events("frozen", 20))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert ACK_SECONDS - 0.1 <= time.monotonic() - began < ACK_SECONDS + 2
        assert ingest.get("/healthz").status_code == 200
        assert ingest.get("/readyz").status_code == 503
    ingest.wait_for(lambda: ingest.post("/v1/events", _events("frozen", 20)).status_code == 200, 30)
    ingest.wait_for(lambda: ingest.get("/readyz").status_code == 200, 30)
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_in_flight_bytes") == 0, 30)
    found = {event["id"] for event in await read_events(ingest)}
    assert found == {event["id"] for event in _events("before", 20) + _events("frozen", 20)}


async def test_letters_about_rejected_events_take_no_more_room_than_there_is(
    own_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    """They are many times as long as what they are about; alone such a body is taken, beside others it waits."""
    room = 1 << 20
    await ensure_topics(own_kafka.bootstrap, partitions=4, prefix=topic_prefix)
    ingest = IngestProcess(
        tmp_path, own_kafka.bootstrap, topic_prefix, ack_seconds=ACK_SECONDS, in_flight_max_bytes=room
    )
    ingest.start()
    bad = b"[" + b",".join([b'{"type":"?"}'] * 2_500) + b"]"
    try:
        with own_kafka.frozen():
            first, second = ingest.post("/v1/events", bad), ingest.post("/v1/events", bad)
            assert (first.json()["code"], second.json()["code"]) == ("unavailable", "overloaded")
            held = ingest.metric("upswing_ingest_in_flight_bytes")
            assert held > len(bad), "the letters are counted, not the body"
            for _ in range(50):
                assert ingest.post("/v1/events", b"x" * 500, headers={"content-type": "image/png"}).status_code == 415
            assert ingest.metric("upswing_ingest_in_flight_bytes") <= max(held, room + (16 << 10))
        ingest.wait_for(lambda: ingest.post("/v1/events", bad).json().get("rejected", []) != [], 40)
        ingest.wait_for(lambda: ingest.metric("upswing_ingest_in_flight_bytes") == 0, 30)
    finally:
        ingest.kill()


async def test_a_broker_that_is_killed_and_comes_back_loses_nothing_that_was_answered_200(
    ingest: IngestProcess, own_kafka: Broker
) -> None:
    """The service goes on by itself, or ends so that its supervisor starts it again; it never lies."""
    await ensure_topics(own_kafka.bootstrap, partitions=4, prefix=ingest.prefix)
    ingest.start()
    promised = _post_until(ingest, "early", 10)
    own_kafka.kill()
    assert ingest.post("/v1/events", _events("during")).status_code == 503
    own_kafka.start()
    promised |= _post_until(ingest, "late", 10)
    assert promised <= {event["id"] for event in await read_events(ingest)}


def _post_until(ingest: IngestProcess, name: str, wanted: int, seconds: float = 60) -> set[str]:
    promised: set[str] = set()
    deadline = time.monotonic() + seconds
    attempt = 0
    while len(promised) < wanted and time.monotonic() < deadline:
        attempt += 1
        body = _events(f"{name}-{attempt}")
        try:
            answer = ingest.post("/v1/events", body)
        except httpx.TransportError:
            ingest.start()
            continue
        if answer.status_code == 200:
            promised.add(str(body[0]["id"]))
    assert len(promised) == wanted
    return promised
