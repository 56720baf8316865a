"""From a record on the topic to a post at the receiver, and what later records do to it."""

import asyncio
import json
from typing import Any

from services.notify.app import wall_clock_ms
from services.notify.settings import Settings
from shared.kernel.csql_changes import CsqlChange
from shared.kernel.people import Person, encode_person
from shared.kernel.topics import PEOPLE
from shared.kernel.triggers import Gate
from tests.support.broker import Broker
from tests.support.notify import NOW_MS, Log, is_settled, make_settings, make_trigger, running, text_of
from tests.support.receivers import Slack


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    """Return what the delivery log says of each decision."""
    return [(row["state"], row["why"], row["action"]) for row in rows]


def change(stage: str, at: int = 1, **over: Any) -> CsqlChange:
    """Return a change of the lead of `make_trigger`."""
    values: dict[str, Any] = {
        "change_id": f"change-{stage}-{at}",
        "change": "moved",
        "item": "csql",
        "item_id": "7",
        "account_id": "acme",
        "play": "team_growth",
        "stage": stage,
        "at": at,
    }
    return CsqlChange(**values | over)


async def test_a_fired_trigger_is_posted_with_its_evidence(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """A CSM reads what happened, where, what to do and by when; the log says why it was sent and when."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        trigger = make_trigger()
        await log.trigger(trigger)
        (post,) = await slack.wait_posts(1)
        for part in ("46 of 50 seats active in 7 days = 92 % (&gt; 90 %)", "€6,000 a year", trigger.trigger_id):
            assert part in text_of(post)
        assert "button" not in json.dumps(post)
        (row,) = await notify.wait_deliveries(is_settled)
    assert (row["state"], row["why"], row["channel"], row["note"]) == (
        "sent",
        "fired",
        "slack",
        "route everything-else",
    )
    assert (row["attempts"], row["marks"], row["account_id"]) == (1, [], "acme")
    assert row["sent_at"] is not None


async def test_a_held_trigger_is_logged_and_not_sent(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """With the reasons that held it; its release is told, its end before that would not have been."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    gate = Gate(False, 80, 1.0, (), ("health", "renewal_quiet"))
    async with running(settings) as notify:
        await log.trigger(make_trigger("one", record="held", gate=gate))
        await log.trigger(make_trigger("one", record="resolved"))
        await log.trigger(make_trigger("two", record="held", gate=gate))
        await log.trigger(make_trigger("two", record="released", held_since=NOW_MS))
        (post,) = await slack.wait_posts(1)
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 4 and is_settled(rows))
    assert "It was held back" in text_of(post)
    by_account = {name: [row for row in rows if row["account_id"] == name] for name in ("one", "two")}
    assert outcomes(by_account["one"]) == [("not_sent", "held", None), ("not_sent", "resolved_unseen", None)]
    assert outcomes(by_account["two"]) == [("not_sent", "held", None), ("sent", "released", "post")]
    assert by_account["one"][0]["note"] == "held (health, renewal_quiet)"


async def test_a_record_that_comes_twice_is_told_once(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """The topic is at-least-once; (trigger_id, record) is once."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        for _time in range(3):
            await log.trigger(make_trigger())
        await log.trigger(make_trigger("last"))
        await slack.wait_posts(2)
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 2 and is_settled(rows))
    assert len(slack.posts) == 2
    assert outcomes(rows) == [("sent", "fired", "post")] * 2


async def test_a_webhook_is_told_again_at_a_higher_level_only(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """It cannot change what it has posted; what it was not told is in the log, with the reason."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    first = make_trigger(rule="usage_ceiling", level="nurture")
    climb = make_trigger(rule="usage_ceiling", level="executive")
    async with running(settings) as notify:
        await log.trigger(first)
        await slack.wait_posts(1)
        await log.trigger(make_trigger(rule="usage_ceiling", level="nurture", scope="other"))
        await log.trigger(climb)
        posts = await slack.wait_posts(2)
        await log.trigger(make_trigger(rule="usage_ceiling", level="executive", record="resolved"))
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 4 and is_settled(rows))
    assert len(slack.posts) == 2
    assert climb.trigger_id in text_of(posts[1])
    assert outcomes(rows) == [
        ("sent", "fired", "post"),
        ("not_sent", "joined", None),
        ("sent", "climbed", "post"),
        ("not_sent", "resolved", None),
    ]


async def test_the_web_api_shows_everything_in_one_message(web_api: Settings, slack: Slack, log: Log) -> None:
    """Joined, lead moved, ended: updated. Climbed: replied in its thread, and updated. Nobody is paged at the end."""
    first = make_trigger(rule="usage_ceiling", level="nurture")
    climb = make_trigger(rule="usage_ceiling", level="executive")
    async with running(web_api) as notify:
        await log.raw(PEOPLE.name, "ana", encode_person(Person(person_id="ana", name="Ana", slack_id="U77")))
        await log.trigger(first)
        (post,) = await slack.wait_posts(1)
        assert (post["channel"], post["metadata"]["event_payload"]["trigger_id"]) == ("C042", first.trigger_id)
        await log.trigger(make_trigger(rule="usage_ceiling", level="nurture", scope="storage"))
        await slack.wait_updates(1)
        await log.trigger(climb)
        posts = await slack.wait_posts(2)
        assert (posts[1]["thread_ts"], posts[1]["reply_broadcast"]) == (post["ts"], True)
        await slack.wait_updates(2)
        await log.change(change("qualified", owner_id="ana"))
        updates = await slack.wait_updates(3)
        assert "stage: Qualified" in text_of(updates[-1])
        assert "<@U77>" in text_of(updates[-1])
        for ended in (first, climb, make_trigger(rule="usage_ceiling", level="nurture", scope="storage")):
            await log.trigger(
                make_trigger(rule="usage_ceiling", level=ended.level, scope=ended.scope, record="resolved")
            )
        await notify.wait_deliveries(lambda rows: len(rows) == 8 and is_settled(rows))
    assert {update["ts"] for update in slack.updates} == {post["ts"]}
    assert "Resolved: the condition has ended." in text_of(slack.updates[-1])
    assert len(slack.posts) == 2


async def test_a_lead_that_is_known_early_waits_for_its_message(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """And the latest word counts, whatever the order of arrival."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        await log.raw(PEOPLE.name, "ana", encode_person(Person(person_id="ana", name="Ana Lima")))
        await log.change(change("csql_created", at=20, owner_id="ana"))
        await log.change(change("trigger_fired", at=10))
        lag = notify.service.consumer
        async with asyncio.timeout(10):
            while lag.progress < 3:
                await asyncio.sleep(0.02)
        await log.trigger(make_trigger())
        (post,) = await slack.wait_posts(1)
    assert "stage: CSQL created" in text_of(post)
    assert "Ana Lima" in text_of(post)


async def test_a_lead_that_ends_closes_the_message(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """What fires afterwards is a new message."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        await slack.wait_posts(1)
        taken = notify.service.consumer.progress
        await log.change(change("closed_won", trigger_ids=(make_trigger().trigger_id,)))
        async with asyncio.timeout(10):
            while notify.service.consumer.progress == taken:
                await asyncio.sleep(0.02)
        await log.trigger(make_trigger(decided_by="app/e-2"))
        await slack.wait_posts(2)
        rows = await notify.wait_deliveries(is_settled)
    assert outcomes(rows) == [("sent", "fired", "post"), ("sent", "fired", "post")]


async def test_buttons_and_the_link_are_shown_where_they_are_set_up(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """By both ways to Slack."""
    url = "https://crm.example.com/{account_id}?from=upswing"
    ways = ({"slack_webhook_url": slack.hook}, {"slack_token": "xoxb-test", "slack_channel": "C1"})
    for number, way in enumerate(ways):
        over = {"buttons": True, "account_url": url, "slack_api_url": slack.api} | way
        async with running(make_settings(kafka.bootstrap, topic_prefix, database_url, **over)) as notify:
            await log.trigger(make_trigger(f"a/{number}"))
            post = (await slack.wait_posts(number + 1))[-1]
            await notify.wait_deliveries(is_settled)
        controls = [one for block in post["blocks"] if block["type"] == "actions" for one in block["elements"]]
        assert [one["text"]["text"] for one in controls] == ["Claim", "Snooze", "Dismiss", "Open account"]
        assert controls[-1]["url"] == f"https://crm.example.com/a%2F{number}?from=upswing"


def oldest_unsent_seconds(metrics: str) -> float:
    """Return the age of the oldest unsent alert, 0 when there is none."""
    ages = [line for line in metrics.splitlines() if line.startswith("upswing_notify_oldest_unsent_seconds ")]
    return float(ages[0].split()[1]) if ages else 0.0


async def test_the_hops_of_an_alert_are_measured(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """Received, emitted, consumed, sent; and what is in the outbox."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    slack.plan = [500] * 100
    async with running(settings) as notify:
        await log.trigger(make_trigger(received_at=wall_clock_ms(), emitted_at=wall_clock_ms()))
        pending = 'upswing_notify_outbox_deliveries{channel="slack",state="pending"} 1.0'
        busy = ""
        async with asyncio.timeout(60):
            while pending not in busy or oldest_unsent_seconds(busy) <= 0:
                await asyncio.sleep(0.1)
                busy = (await notify.client.get("/metrics")).text
        slack.plan.clear()
        await slack.wait_posts(1)
        await notify.wait_deliveries(is_settled)
        metrics = (await notify.client.get("/metrics")).text
    for hop in ("received_to_emitted", "emitted_to_consumed", "consumed_to_sent", "received_to_sent"):
        assert f'upswing_notify_hop_seconds_count{{hop="{hop}"}}' in metrics
    assert 'upswing_notify_alert_messages_total{action="post",channel="slack",outcome="sent"}' in metrics
    assert 'upswing_notify_decision_records_total{why="fired"}' in metrics
