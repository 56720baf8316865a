"""What receivers do: slow, rate limited, broken, gone. And what we do about it."""

import asyncio
from typing import Any

import pytest
import yaml
from aiohttp import web
from sqlalchemy import text

from services.notify.app import wall_clock_ms
from shared.io.database import make_engine
from tests.support.broker import Broker
from tests.support.notify import (
    Log,
    Mailbox,
    Slack,
    is_settled,
    make_settings,
    make_trigger,
    running,
    slack_receiver,
    text_of,
)


async def test_a_server_error_is_tried_again(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """With a backoff, and without a mark: the receiver said that it had not taken it."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    slack.plan = [500, 503]
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        (post,) = await slack.wait_posts(1)
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["attempts"], row["marks"]) == ("sent", 3, [])
    assert "possible repeat" not in text_of(post).lower()


async def test_what_the_receiver_will_never_take_is_dead_with_its_reason(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """It is tried once, a redirect is not followed, and the next alert goes through."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    redirect = web.Response(status=302, headers={"Location": slack.hook}, text="trouble")
    statuses = (400, 403, 404, 410, 302)
    slack.plan = [400, 403, 404, 410, redirect]
    async with running(settings) as notify:
        for count, status in enumerate(statuses, 1):
            await log.trigger(make_trigger(f"account-{status}"))
            rows = await notify.wait_deliveries(lambda rows, count=count: len(rows) == count and is_settled(rows))  # type: ignore[misc]
            assert (rows[-1]["state"], rows[-1]["attempts"]) == ("dead", 1)
            assert rows[-1]["reason"].startswith(f"answered {status}: trouble")
        await log.trigger(make_trigger("good"))
        await slack.wait_posts(1)
    assert len(slack.posts) == 1


async def test_a_message_that_is_dead_is_told_anew_when_it_is_joined(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """Nobody was shown it, so the joining trigger is the first that is."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    slack.plan = [404]
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        await notify.wait_deliveries(is_settled)
        await log.trigger(make_trigger(rule="gated_exploration"))
        (post,) = await slack.wait_posts(1)
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 2 and is_settled(rows))
    assert [(row["state"], row["why"]) for row in rows] == [("dead", "fired"), ("sent", "joined")]
    assert "46 of 50" in text_of(post)


async def test_retry_after_holds_the_channel_even_through_a_restart(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """It is kept in the database; nothing is posted before."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    slack.plan = [web.Response(status=429, headers={"Retry-After": "3"})]
    loop = asyncio.get_running_loop()
    async with running(settings) as notify:
        asked_at = loop.time()
        await log.trigger(make_trigger("one"))
        rows = await notify.wait_deliveries(lambda rows: bool(rows) and rows[0]["attempts"] == 1)
        rows = await notify.wait_deliveries(lambda rows: rows[0]["state"] == "pending")
        assert rows[0]["reason"] == "answered 429"
    async with running(settings, migrated=True) as notify:
        await log.trigger(make_trigger("two"))
        await slack.wait_posts(2)
        await notify.wait_deliveries(is_settled)
    assert slack.arrivals[0] - asked_at >= 3.0
    assert slack.arrivals[1] - asked_at < 12.0


async def test_a_channel_is_paced_and_the_pace_survives_a_restart(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """No two posts are closer than the interval, whichever process sends them; and nothing extra is sent."""
    settings = make_settings(
        kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook, slack_interval_ms=700
    )
    async with running(settings):
        for number in range(4):
            await log.trigger(make_trigger(f"account-{number}"))
        await slack.wait_posts(2)
    async with running(settings, migrated=True) as notify:
        await slack.wait_posts(4)
        await notify.wait_deliveries(lambda rows: len(rows) == 4 and is_settled(rows))
    gaps = [later - earlier for earlier, later in zip(slack.arrivals, slack.arrivals[1:], strict=False)]
    assert len(slack.posts) == 4
    assert min(gaps) > 0.6


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


async def test_the_web_api_finds_a_post_whose_answer_was_lost(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """By the metadata of the message: nothing is repeated, and its place is known."""
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        slack_token="xoxb-test",
        slack_channel="C042",
        slack_api_url=slack.api,
    )
    slack.plan = ["reset"]
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
        await log.trigger(make_trigger(rule="gated_exploration"))
        (update,) = await slack.wait_updates(1)
    assert (row["state"], row["marks"], row["reason"]) == ("sent", [], "found by its metadata: it had arrived")
    assert len(slack.posts) == 1
    assert (update["ts"], slack.searched) == (slack.posts[0]["ts"], 1)


async def test_what_never_arrived_is_repeated_once_it_was_looked_for(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """Hung up before it was taken: the history does not have it."""
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        slack_token="xoxb-test",
        slack_channel="C042",
        slack_api_url=slack.api,
    )
    slack.plan = ["drop"]
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["marks"], len(slack.posts)) == ("sent", ["possible repeat"], 1)


async def test_a_wrong_token_is_dead_with_slacks_word_for_it(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """An operator reads it in the log."""
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        slack_token="xoxb-wrong",
        slack_channel="C042",
        slack_api_url=slack.api,
    )
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["reason"]) == ("dead", "answered invalid_auth")


async def test_a_slow_channel_keeps_nobody_else_waiting(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log, tmp_path: Any
) -> None:
    """Each channel has its own workers."""
    routes = {
        "channels": {
            "slow": {"kind": "slack_webhook", "url": "secret:slow", "interval_ms": 0},
            "quick": {"kind": "slack_webhook", "url": "secret:quick", "interval_ms": 0},
        },
        "routes": [{"name": "all", "to": ["slow", "quick"]}],
    }
    file = tmp_path / "routes.yaml"
    file.write_text(yaml.safe_dump(routes))
    async with slack_receiver() as slow:
        slow.plan = [1.5] * 50
        secrets = {"slow": slow.hook, "quick": slack.hook}
        settings = make_settings(kafka.bootstrap, topic_prefix, database_url, routes=file, secrets=secrets)
        async with running(settings):
            for number in range(10):
                await log.trigger(make_trigger(f"account-{number}"))
            await slack.wait_posts(10)
            assert len(slow.posts) <= 8
            slow.plan.clear()


async def test_nothing_listens_at_first_and_the_alert_still_arrives(
    kafka: Broker, topic_prefix: str, database_url: str, log: Log
) -> None:
    """A refused connection is no lost answer: no mark."""
    async with slack_receiver() as gone:
        address = gone.port
    settings = make_settings(
        kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=f"http://127.0.0.1:{address}/hook"
    )
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        await notify.wait_deliveries(lambda rows: bool(rows) and rows[0]["attempts"] >= 2)
        taken: list[dict[str, Any]] = []

        async def take(request: web.Request) -> web.Response:
            taken.append(await request.json())
            return web.Response(text="ok")

        app = web.Application()
        app.router.add_post("/hook", take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", address).start()
        (row,) = await notify.wait_deliveries(is_settled)
        await runner.cleanup()
    assert (row["state"], row["marks"], len(taken)) == ("sent", [], 1)


async def test_a_delivery_is_given_up_after_its_last_attempt(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """And says so."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook, most_attempts=3)
    slack.plan = [500] * 10
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["attempts"]) == ("dead", 3)
    assert row["reason"] == "gave up after 3 attempts: answered 500: trouble"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ("451 busy", "sent", ""),
        ("554 spam", "dead", "the mail server answered 554: spam"),
    ],
)
async def test_a_mail_servers_4yz_is_later_and_5yz_is_never(
    kafka: Broker,
    topic_prefix: str,
    database_url: str,
    log: Log,
    mail: tuple[Mailbox, int],
    answer: str,
    state: str,
    reason: str,
) -> None:
    """As RFC 5321 has it."""
    mailbox, port = mail
    mailbox.answers = [answer]
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        smtp_host="127.0.0.1",
        smtp_port=port,
        email_from="upswing@example.com",
        email_to=("cs@example.com",),
    )
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["reason"]) == (state, reason)


async def test_without_an_address_a_mail_is_dead_and_says_why(
    kafka: Broker, topic_prefix: str, database_url: str, log: Log, mail: tuple[Mailbox, int]
) -> None:
    """The owner is not known, and no other address is set."""
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        smtp_host="127.0.0.1",
        smtp_port=mail[1],
        email_from="upswing@example.com",
    )
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        (row,) = await notify.wait_deliveries(is_settled)
    assert row["state"] == "dead"
    assert row["reason"].startswith("nobody to mail to")


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
