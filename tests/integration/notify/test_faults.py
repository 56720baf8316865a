"""What receivers do: slow, rate limited, broken, gone. And what we do about it."""

import asyncio
from typing import Any

import yaml
from aiohttp import web

from tests.support.broker import Broker
from tests.support.notify import Log, is_settled, make_settings, make_trigger, running, text_of
from tests.support.receivers import Slack, slack_receiver


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
            rows = await notify.wait_deliveries(lambda rows, count=count: len(rows) == count and is_settled(rows))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
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
