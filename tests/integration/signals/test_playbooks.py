"""A playbook that the log names: its body comes from the topic, and nothing is folded before it is there."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from shared.io.kafka import make_producer
from shared.kernel.playbook import playbook_to_json
from shared.kernel.topics import EVENTS, PLAYBOOKS, SNAPSHOTS
from tests.oracle.writing import WIDE_OPEN, control, playbook
from tests.support.broker import Broker
from tests.support.signals.company import Company
from tests.support.signals.worker import Worker, wait_until

NEXT = "2"


async def test_the_fold_waits_for_the_playbook_that_the_log_names(
    kafka: Broker, topic_prefix: str, tmp_path: Path, make_worker: Callable[..., Worker]
) -> None:
    """The body arrives late: until then the partition stands, after a restart too; then the new version holds."""
    company = Company(kafka.bootstrap, topic_prefix, partitions=1)
    await company.create()
    worker = make_worker("w1", PLAYBOOK=str(company.save_playbook(tmp_path)))
    following = playbook(WIDE_OPEN | {"version": NEXT})
    async with make_producer(kafka.bootstrap) as producer:
        await company.write(50, producer=producer)
        line = control("playbook", "2026-03-01 09:00", version=NEXT, digest=following.digest)
        await producer.send_and_wait(topic_prefix + EVENTS.name, line, partition=0)
        await company.write(50, producer=producer)
        for _start in range(2):
            worker.start(engine="real")
            wait_until(30, lambda: "waiting for a playbook" in worker.tail(3), "waiting")
            assert await company.lag() > 0
            worker.kill()
            worker.log.write_text("")
        worker.start(engine="real")
        wait_until(30, lambda: "waiting for a playbook" in worker.tail(3), "waiting")
        body = playbook_to_json(following)
        await producer.send_and_wait(topic_prefix + PLAYBOOKS.name, body, key=NEXT.encode(), partition=0)
    await company.settled()
    assert await asyncio.to_thread(worker.stop) == 0
    versions = {
        msgspec.json.decode(record.value)["playbook_version"] for record in await company.records(SNAPSHOTS.name)
    }
    assert NEXT in versions
