"""Workers of these tests; none outlives its test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.signals.worker import Worker

MakeWorker = Callable[..., Worker]


@pytest.fixture
def make_worker(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Iterator[MakeWorker]:
    """Make workers on the session's broker: `make_worker("w2", STALL_SECONDS="1")`."""
    made: list[Worker] = []

    def make(instance: str = "w1", bootstrap: str = kafka.bootstrap, **settings: str) -> Worker:
        made.append(Worker(tmp_path, bootstrap, topic_prefix, instance, **settings))
        return made[-1]

    yield make
    for worker in made:
        worker.kill()
