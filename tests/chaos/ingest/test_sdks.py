"""What the published SDKs do when the broker freezes under them: they try again until everything is in the log."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.clients import CLIENTS
from tests.support.ingest import IngestProcess, read_events

USAGE = {"metric": "api_calls", "quantity": 2}
EVENTS = 20


async def test_every_sdk_is_whole_after_a_frozen_broker(own_kafka: Broker, tmp_path: Path, topic_prefix: str) -> None:
    """They are answered 503 and told when to come again; nothing is missing, and what is there twice has one id."""
    await ensure_topics(own_kafka.bootstrap, partitions=4, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path, own_kafka.bootstrap, topic_prefix, ack_seconds=1, retry_after_seconds=1)
    ingest.start()
    clients = {
        name: make(ingest.url, ingest.key) for name, make in CLIENTS.items() if not name.startswith("cloudevents")
    }
    routes = {client.route for client in clients.values()}
    with ThreadPoolExecutor(len(clients)) as threads:
        with own_kafka.frozen():
            ids = {
                name: {client.track(name, "ada", "usage.recorded", USAGE, number) for number in range(EVENTS)}
                for name, client in clients.items()
            }
            closing = [threads.submit(client.close) for client in clients.values()]
            await asyncio.to_thread(ingest.wait_for, lambda: all(_answered_503(ingest, route) for route in routes), 20)
        errors = [await asyncio.wrap_future(each) for each in closing]
    assert not any(errors), errors
    logged = await read_events(ingest)
    for name, expected in ids.items():
        assert {event["id"] for event in logged if event["account_id"] == name} == expected
    assert ingest.stop() == 0


def _answered_503(ingest: IngestProcess, route: str) -> bool:
    return "503" in ingest.by_label("upswing_ingest_http_requests_total", "status", route=route)
