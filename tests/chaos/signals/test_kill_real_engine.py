"""The real engine under kill -9 between each two stages: the same triggers, letters and state as undisturbed."""

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from services.signals.flush import STAGES
from tests.support.broker import Broker
from tests.support.signals.company import Company
from tests.support.signals.verdict import judge
from tests.support.signals.worker import Worker

ROUNDS = int(os.environ.get("UPSWING_CHAOS_ROUNDS", "1"))
LATEST_FLUSH = 6
DEATHS = [f"{stage.name}:before" for stage in STAGES] + [f"{STAGES[-1].name}:after"]


@pytest.mark.timeout(120 + 120 * ROUNDS)
async def test_killed_between_each_two_stages_the_engine_says_and_knows_the_same(
    kafka: Broker, topic_prefix: str, tmp_path: Path, make_worker: Callable[..., Worker]
) -> None:
    """Killed at every step and once without its store: no trigger missing, none extra, the same snapshots."""
    company = Company(kafka.bootstrap, topic_prefix)
    await company.create()
    worker = make_worker("w1", PLAYBOOK=str(company.save_playbook(tmp_path)))
    rnd = random.Random(11)  # noqa: S311 - a test that can be repeated
    async with company.flowing(count=60):
        for number, death in enumerate(DEATHS * ROUNDS):
            if number % len(DEATHS) == len(DEATHS) // 2:
                worker.wipe()
            worker.start(engine="real", die=f"{death}:{rnd.randrange(1, LATEST_FLUSH)}")
            assert await asyncio.to_thread(worker.wait) == -9, worker.tail()
    worker.start(engine="real")
    await asyncio.to_thread(worker.wait_ready)
    await company.settled()
    assert await asyncio.to_thread(worker.stop) == 0
    await judge(company, worker.store)
    await company.assert_compactable()
