"""A person who is erased is named in no table of notify and no message that is open, in whatever order it comes."""

import asyncio
from typing import Any

from sqlalchemy import text

from services.notify.settings import Settings
from shared.io.database import make_engine
from shared.kernel.topics import FACTS
from shared.kernel.triggers import Evidence, Trigger
from tests.oracle.writing import event
from tests.support.broker import Broker
from tests.support.notify import NOW_MS, Log, Running, is_settled, make_settings, make_trigger, running, text_of
from tests.support.receivers import Slack

ADA = "ada.lovelace@acme.example"
HOUR = 3_600_000
SQL_TABLES = "select table_name from information_schema.tables where table_schema = 'notify'"


def busy(decided_by: str = "day/2026-09-21", **over: Any) -> Trigger:
    """Return a trigger whose evidence names the person."""
    numbers: dict[str, int | float | str | list[str] | None] = {"users": [ADA, "bob"], "acts": 20}
    evidence = Evidence(400, 200, ">=", "percent", numbers, summary=f"20 acts in 30 days by {ADA}, bob; the mean is 5")
    values: dict[str, Any] = {"rule": "power_user", "scope": None, "scope_type": None, "evidence": evidence}
    return make_trigger(**values | {"decided_by": decided_by} | over)


def erased(user: str = ADA, when: int = NOW_MS + HOUR) -> bytes:
    """Return a record of facts: an erasure among others."""
    other = event("qbr.held", "acme", NOW_MS, f"q-{user}")
    return other + b"\n" + event("user.erased", "acme", when, f"gone-{len(user)}", user=user)


async def named_in(database: str) -> list[str]:
    """Return the rows of all tables that name the person."""
    engine = make_engine(database)
    try:
        async with engine.connect() as connection:
            found = []
            for table in (await connection.scalars(text(SQL_TABLES))).all():
                rows = (await connection.execute(text(f'select * from notify."{table}"'))).all()  # noqa: S608 - our tables
                found += [f"{table}: {tuple(row)}"[:300] for row in rows if ADA in str(tuple(row))]
            return found
    finally:
        await engine.dispose()


async def nobody_named(notify: Running, database: str) -> None:
    """Return when no row names the person."""
    async with asyncio.timeout(20):
        while await named_in(database):
            await asyncio.sleep(0.05)
    await notify.wait_deliveries(is_settled)


async def test_what_was_told_is_told_anew_without_the_name(
    web_api: Settings, database_url: str, slack: Slack, log: Log
) -> None:
    """Log and message are rewritten, and the post in Slack is updated; others stay named."""
    async with running(web_api) as notify:
        await log.trigger(busy())
        (post,) = await slack.wait_posts(1)
        assert ADA in text_of(post)
        await notify.wait_deliveries(is_settled)
        assert {row.partition(":")[0] for row in await named_in(database_url)} >= {"deliveries", "message_triggers"}
        await log.raw(FACTS.name, "acme", erased("somebody else"))
        await log.raw(FACTS.name, "acme", erased())
        (update,) = await slack.wait_updates(1)
        assert ADA not in text_of(update)
        assert "by erased, bob" in text_of(update)
        await nobody_named(notify, database_url)
        lines = [row["line"] for row in await notify.deliveries()]
        assert all("erased, bob" in line for line in lines)


async def test_a_trigger_that_comes_after_the_erasure_is_told_without_the_name(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """It was written before; one written after it names a new person."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        await log.raw(FACTS.name, "acme", erased())
        await log.raw(FACTS.name, "acme", None)
        async with asyncio.timeout(20):
            while not await remembered(database_url):
                await asyncio.sleep(0.05)
        await log.trigger(busy())
        (post,) = await slack.wait_posts(1)
        assert ADA not in text_of(post)
        await nobody_named(notify, database_url)
        later = busy("day/2026-09-23", occurred_at=NOW_MS + 2 * HOUR, account_id="acme")
        await log.trigger(later)
        await notify.wait_deliveries(lambda rows: len(rows) == 2 and is_settled(rows))
        assert await named_in(database_url)


async def remembered(database: str) -> int:
    """Return how many erasures are remembered."""
    engine = make_engine(database)
    try:
        async with engine.connect() as connection:
            statement = text("select count(*) from notify.inbox where record = 'erased'")
            return int((await connection.execute(statement)).scalar_one())
    finally:
        await engine.dispose()
