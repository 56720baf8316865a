"""What users belong to outlives a broker in trouble: ready means all was read, 200 means that the link is written."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess

USERS = 3_000
AT_ONCE = 500
FROZEN_SECONDS = 0.3
ACK_SECONDS = 1.0


@pytest.fixture
async def ingest(own_kafka: Broker, tmp_path: Path, topic_prefix: str) -> IngestProcess:
    """A service with a short deadline and a broker of its own, not yet started."""
    await ensure_topics(own_kafka.bootstrap, partitions=4, prefix=topic_prefix)
    return IngestProcess(tmp_path, own_kafka.bootstrap, topic_prefix, ack_seconds=ACK_SECONDS)


@contextmanager
def _stuttering(broker: Broker) -> Iterator[None]:
    """A broker that stands still for a moment, again and again."""
    enough = threading.Event()

    def stutter() -> None:
        while not enough.is_set():
            with broker.frozen():
                time.sleep(FROZEN_SECONDS)
            time.sleep(FROZEN_SECONDS)

    thread = threading.Thread(target=stutter)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def _resolved(ingest: IngestProcess, users: list[str]) -> int:
    calls = [{"type": "track", "event": "Report Exported", "userId": user} for user in users]
    accepted: int = ingest.post("/v1/batch", {"batch": calls}).json()["accepted"]
    return accepted


async def test_a_service_that_is_ready_knows_all_that_was_written_before(
    ingest: IngestProcess, own_kafka: Broker
) -> None:
    """However often the broker stood still while the identities were read."""
    users = [f"user {number}" for number in range(USERS)]
    ingest.start()
    for start in range(0, USERS, AT_ONCE):
        some = users[start : start + AT_ONCE]
        calls = [{"type": "group", "userId": user, "groupId": f"account {user}"} for user in some]
        ingest.wait_for(lambda calls=calls: ingest.post("/v1/batch", {"batch": calls}).status_code == 200)  # type: ignore[misc]  # mypy cannot infer the lambda
    ingest.kill()
    with _stuttering(own_kafka):
        ingest.start()
    ingest.wait_for(lambda: ingest.get("/readyz").status_code == 200)
    assert _resolved(ingest, users) == USERS
    assert ingest.metric("upswing_ingest_identities_known") == USERS
    ingest.kill()


async def test_a_link_whose_call_was_answered_503_is_written_by_the_second_attempt(
    ingest: IngestProcess, own_kafka: Broker
) -> None:
    """It is believed from the first attempt on, and outlives a crash after the second."""
    ingest.start()
    group = {"userId": "ada", "groupId": "acme"}
    with own_kafka.frozen():
        assert ingest.post("/v1/group", group).status_code == 503
    ingest.wait_for(lambda: ingest.post("/v1/group", group).status_code == 200)
    assert _resolved(ingest, ["ada"]) == 1
    ingest.kill()
    ingest.start()
    assert _resolved(ingest, ["ada"]) == 1
    ingest.kill()
