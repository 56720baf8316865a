"""One trigger becomes one lead and one change, on a real broker and a real database."""

import time

import asyncpg

from tests.support.pipeline.log import Log
from tests.support.pipeline.process import PipelineProcess
from tests.support.pipeline.samples import DAY, NOON, make_trigger


async def rows(database: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database.replace("+asyncpg", ""))
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def test_a_trigger_becomes_a_lead_and_a_change_in_tens_of_milliseconds(
    log: Log, pipeline: PipelineProcess, database: str
) -> None:
    trigger = make_trigger()
    await log.triggers(make_trigger("warm"))
    await log.changes(1)
    sent = time.perf_counter()
    await log.triggers(trigger)
    changes = await log.changes(2)
    took = time.perf_counter() - sent
    (created,) = [change for change in changes if change.account_id == "acme"]
    assert (created.change, created.item, created.stage) == ("created", "csql", "trigger_fired")
    assert created.trigger_ids == (trigger.trigger_id,)
    assert created.due_at == NOON + 2 * DAY
    (lead,) = await rows(database, "select * from pipeline.csqls where account_id = 'acme'")
    assert lead["csql_id"] == created.item_id
    assert took < 2, "a reader that joins late is in this time too"
