"""An answer or a connection is lost: nothing is lost with it, and what may be a repeat says so."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from services.notify.app import wall_clock_ms
from services.notify.settings import Settings
from shared.io.database import make_engine
from tests.support.broker import Broker
from tests.support.notify import Log, is_settled, make_settings, make_trigger, running, text_of
from tests.support.receivers import Slack


@pytest.mark.parametrize("fault", ["reset", 3.0])
async def test_a_lost_answer_is_unknown_and_the_repeat_says_so(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log, fault: Any
) -> None:
    """The receiver may have it: reset after it was taken, or no answer in time."""
    settings = make_settings(
        kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook, send_seconds=1.0
    )
    slack.plan = [fault]
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        await slack.wait_posts(1 if fault == 3.0 else 2)
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["attempts"], row["marks"]) == ("sent", 2, ["possible repeat"])
    assert "*Possible repeat*" in text_of(slack.posts[-1])
    if fault == "reset":
        assert "Possible repeat" not in text_of(slack.posts[0])


async def test_the_web_api_finds_a_post_whose_answer_was_lost(web_api: Settings, slack: Slack, log: Log) -> None:
    """By the metadata of the message: nothing is repeated, and its place is known."""
    slack.plan = ["reset"]
    async with running(web_api) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
        await log.trigger(make_trigger(rule="gated_exploration"))
        (update,) = await slack.wait_updates(1)
    assert (row["state"], row["marks"], row["reason"]) == ("sent", [], "found by its metadata: it had arrived")
    assert len(slack.posts) == 1
    assert (update["ts"], slack.searched) == (slack.posts[0]["ts"], 1)


async def test_what_never_arrived_is_repeated_once_it_was_looked_for(web_api: Settings, slack: Slack, log: Log) -> None:
    """Hung up before it was taken: the history does not have it."""
    slack.plan = ["drop"]
    async with running(web_api) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["marks"], len(slack.posts)) == ("sent", ["possible repeat"], 1)


async def test_killed_database_connections_lose_and_repeat_nothing(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """Consumer and senders try again on new ones."""
    link = "https://upswing.example.com/accounts/{account_id}"
    settings = make_settings(
        kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook, account_url=link
    )
    engine = make_engine(database_url)
    kill = text(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    async with running(settings) as notify:
        for number in range(30):
            await log.trigger(make_trigger(f"account-{number}"))
            if number % 6 == 0:
                async with engine.connect() as connection:
                    await connection.execute(kill)
        await slack.wait_posts(30)
        await asyncio.sleep(0.5)
        rows = await wait_quietly(notify)
    await engine.dispose()
    assert len(rows) == 30
    first = [post for post in slack.posts if "Possible repeat" not in text_of(post)]
    assert len({text_of(post).partition("/accounts/")[2].partition('"')[0] for post in slack.posts}) == 30
    assert len(first) <= 30


async def wait_quietly(notify: Any) -> list[dict[str, Any]]:
    """Return the settled log; an answer of 503 while the database comes back is asked again."""
    deadline = wall_clock_ms() + 20_000
    while wall_clock_ms() < deadline:
        answer = await notify.client.get("/v1/deliveries", params={"limit": "200"})
        if answer.status_code == 200 and is_settled(answer.json()["deliveries"]):
            found: list[dict[str, Any]] = answer.json()["deliveries"]
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("the outbox did not settle")
