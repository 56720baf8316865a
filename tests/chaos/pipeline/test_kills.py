"""The pipeline killed at every step of its work: one lead, one effect, none missing. Source: fault matrix 3, 10."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.csql_changes import CsqlChange
from shared.kernel.triggers import Trigger
from tests.support.pipeline.launch import POINTS
from tests.support.pipeline.log import Log
from tests.support.pipeline.process import PipelineProcess
from tests.support.pipeline.queries import count, fetch, until
from tests.support.pipeline.samples import FUTURE, follow, make_trigger

ACCOUNTS = 30


def fresh(account_id: str, **over: Any) -> Trigger:
    """Return a trigger whose lead or task is not due yet."""
    return make_trigger(account_id, occurred_at=FUTURE, response_due=FUTURE, **over)


FIRED = [fresh(f"a{number}") for number in range(ACCOUNTS)]
JOINED = [fresh(f"a{number}", scope="second") for number in range(0, ACCOUNTS, 2)]
RISKS = [fresh(f"a{number}", rule="nps_drop", kind="risk", play="call") for number in range(0, ACCOUNTS, 3)]
HELD = [fresh(f"h{number}", record="held") for number in range(5)]
RELEASED = [follow(held, "released") for held in HELD[:3]]
ENDED = [follow(fired, "resolved") for fired in FIRED[:5]]
EVERYTHING = [*FIRED, *JOINED, *RISKS, *HELD, *RELEASED, *ENDED]
LEADS = len(FIRED) + len(RELEASED)
CHANGES = LEADS + len(JOINED) + len(RISKS)


async def assert_one_effect_each(log: Log, database: str) -> None:
    """Check that every trigger had its effect once: in the tables, and by id among the changes."""
    changes = await log.changes(CHANGES, 60)
    by_id: dict[str, CsqlChange] = {}
    for change in changes:
        assert by_id.setdefault(change.change_id, change) == change, "what is published again is the same"
    assert len(by_id) == CHANGES
    assert sorted(trigger_id for change in by_id.values() for trigger_id in change.trigger_ids[-1:]) == sorted(
        trigger.trigger_id for trigger in (*FIRED, *JOINED, *RISKS, *RELEASED)
    )
    assert await count(database, "csqls") == LEADS
    assert await count(database, "tasks") == len(RISKS)
    assert await count(database, "history") == CHANGES
    assert await count(database, "inbox") == len(EVERYTHING)
    states = await fetch(database, "select state, count(*) from pipeline.triggers group by state")
    assert {row["state"]: row["count"] for row in states} == {
        "fired": len(FIRED) - len(ENDED) + len(JOINED) + len(RISKS),
        "held": len(HELD) - len(RELEASED),
        "released": len(RELEASED),
        "resolved": len(ENDED),
    }

    async def published() -> bool:
        return await count(database, "outbox") == 0

    await until(published, "an empty outbox")


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_each_step_every_trigger_has_one_effect(
    tmp_path: Path, log: Log, database: str, point: str
) -> None:
    """Killed twice at the same point, then left alone: as if nothing had happened."""
    pipeline = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database, BATCH_TRIGGERS="7", OUTBOX_BATCH="5")
    await log.triggers(*EVERYTHING)
    try:
        for number in (1, 2):
            pipeline.start(f"{point}:{number}")
            assert await pipeline.wait() == -9
        pipeline.start()
        await assert_one_effect_each(log, database)
    finally:
        pipeline.kill()


async def test_killed_at_random_under_load_every_trigger_has_one_effect(
    tmp_path: Path, log: Log, database: str
) -> None:
    """Six times, a little later each time, while triggers keep coming."""
    pipeline = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database, BATCH_TRIGGERS="3", OUTBOX_BATCH="3")

    async def write() -> None:
        for trigger in EVERYTHING:
            await log.triggers(trigger)
            await asyncio.sleep(0.1)

    writing = asyncio.create_task(write())
    try:
        for number in range(6):
            pipeline.start()
            await pipeline.wait_ready()
            await asyncio.sleep(0.11 * number)
            pipeline.kill()
        pipeline.start()
        await writing
        await assert_one_effect_each(log, database)
    finally:
        writing.cancel()
        pipeline.kill()


async def test_the_whole_log_delivered_twice_has_one_effect(tmp_path: Path, log: Log, database: str) -> None:
    """A producer that retries, and a group that begins at the oldest record again."""
    await log.triggers(*EVERYTHING)
    await log.triggers(*EVERYTHING)
    first = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database)
    first.start()
    try:
        await assert_one_effect_each(log, database)
        assert await first.stop() == 0
        again = await _from_the_beginning(tmp_path, log, database)
        again.kill()
        await assert_one_effect_each(log, database)
    finally:
        first.kill()


async def _from_the_beginning(folder: Path, log: Log, database: str) -> PipelineProcess:
    """Run a pipeline whose offsets are lost until it has read everything again."""
    pipeline = PipelineProcess(folder, log.bootstrap, log.prefix, database)
    await log.forget_offsets(f"{log.prefix}pipeline-triggers")
    pipeline.start()
    await pipeline.wait_ready()

    async def all_again() -> bool:
        metrics = await pipeline.metrics()
        repeated = sum(
            value for name, value in metrics.items() if name.startswith("upswing_pipeline_inbox_duplicates_total")
        )
        return repeated == 2 * len(EVERYTHING)

    await until(all_again, "reading everything again")
    return pipeline
