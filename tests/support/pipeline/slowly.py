"""Triggers written one after the other while something breaks, and the look at what became of them."""

import asyncio

from aiokafka.errors import KafkaError

from shared.kernel.triggers import Trigger
from tests.support.pipeline.log import Log
from tests.support.pipeline.queries import count
from tests.support.pipeline.samples import FUTURE, make_trigger

NUMBER = 120


async def insist(log: Log, trigger: Trigger) -> None:
    """Write a trigger, again where the broker gave it up: so does signals, and a trigger may lie there twice."""
    while True:
        try:
            await log.triggers(trigger)
        except KafkaError:
            await asyncio.sleep(0.1)
        else:
            return


async def write_slowly(log: Log, number: int = NUMBER, pause: float = 0.05) -> None:
    """Write triggers of as many accounts, one after the other."""
    for each in range(number):
        await insist(log, make_trigger(f"a{each}", occurred_at=FUTURE))
        await asyncio.sleep(pause)


async def assert_all_once(log: Log, database: str, number: int = NUMBER) -> None:
    """Check that each account has one lead and one change."""
    changes = {change.change_id: change for change in await log.changes(number, 90)}
    assert sorted(change.account_id for change in changes.values()) == sorted(f"a{each}" for each in range(number))
    assert await count(database, "csqls") == await count(database, "history") == number
