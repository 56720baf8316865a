"""Rows 7 and 17: the broker is killed and restarted; it refuses what is sent to a topic, or the topic is gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiokafka.errors import KafkaError

from services.signals.fates import EXIT_CONFIGURATION, EXIT_FAILURE
from shared.io.kafka import connect_admin
from shared.kernel.topics import DEAD_LETTERS, TRIGGERS
from tests.chaos.signals.ground import RESUME_SECONDS, Ground, Row
from tests.support.signals.company import Company

__all__ = ["ROWS"]

FLOW = {"count": 40, "pause": 0.08}
SMALLEST_BYTES = "200"
WRITES = 60


async def kill_the_broker(ground: Ground) -> None:
    """Killed and started again on the same data, under load: the worker goes on, or leaves and is started again."""
    broker = ground.broker()
    company = await ground.company(bootstrap=broker.bootstrap)
    worker = ground.worker(DELIVERY_SECONDS="20")
    async with company.flowing(**FLOW):
        await ground.ready(worker)
        for _number in range(ground.kills):
            await ground.pause(0.5, 2)
            before = sum((await company.committed()).values())
            broker.kill()
            ground.report.kills += 1
            await ground.pause(0, 2)
            began = time.monotonic()
            await asyncio.to_thread(broker.start)
            await ground.supervise([worker], _moved_on(company, before), RESUME_SECONDS)
            ground.report.slowest_s = max(ground.report.slowest_s, time.monotonic() - began)
    ground.checked(f"resumed within {RESUME_SECONDS:g} s")
    await ground.finish(company, worker)


def _moved_on(company: Company, before: int) -> Callable[[], Awaitable[bool]]:
    async def moved_on() -> bool:
        try:
            async with asyncio.timeout(5):
                return sum((await company.committed()).values()) > before
        except (KafkaError, TimeoutError, OSError):
            return False

    return moved_on


async def refuse_outputs(ground: Ground) -> None:
    """The broker refuses triggers, then letters: the worker halts and passes nothing; later all of it is there."""
    company = await ground.company()
    worker = ground.worker(DELIVERY_SECONDS="3")
    async with company.flowing(**FLOW):
        await ground.ready(worker)
        for number in range(ground.kills):
            topic = (TRIGGERS, DEAD_LETTERS)[number % 2]
            await ground.configure(company, topic.name, max_message_bytes=SMALLEST_BYTES)
            for _start in range(2):
                code = await asyncio.to_thread(worker.wait, 60)
                assert code == EXIT_FAILURE, f"it ended with {code}:\n{worker.tail()}"
                assert "refused a batch" in worker.tail(), worker.tail()
                ground.report.kills += 1
                worker.start()
            await ground.configure(company, topic.name)
            await ground.pause(0.5, 1)
            await ground.settle(company, worker)
    ground.checked("halts while it is refused")
    await ground.finish(company, worker)
    await _lose_a_topic(ground)


async def _lose_a_topic(ground: Ground) -> None:
    """The topic of dead letters is deleted under a worker: it leaves and names it; later all letters are there."""
    company = await ground.company()
    worker = ground.worker("w9", DELIVERY_SECONDS="3")
    await ground.ready(worker)
    async with connect_admin(company.bootstrap) as admin:
        await admin.delete_topics([company.prefix + DEAD_LETTERS.name])
    for _write in range(WRITES):
        await company.write(20)
    assert await asyncio.to_thread(worker.wait, 60) == EXIT_FAILURE, worker.tail()
    worker.start()
    assert await asyncio.to_thread(worker.wait, 60) == EXIT_CONFIGURATION, worker.tail()
    assert DEAD_LETTERS.name in worker.tail(5)
    await ground.recreate(company, DEAD_LETTERS.name)
    ground.checked("a missing topic is named")
    worker.start()
    await ground.finish(company, worker)


ROWS = (
    Row("7", "broker killed and restarted", kill_the_broker),
    Row("17", "sending refused, topic deleted", refuse_outputs, 0.2),
)
