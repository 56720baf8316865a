"""What arrives in an awkward order, and what cannot be shown at first."""

from sqlalchemy import text

from shared.io.database import make_engine
from shared.kernel.csql_changes import CsqlChange
from tests.support.broker import Broker
from tests.support.notify import Log, is_settled, make_settings, make_trigger, running, text_of
from tests.support.receivers import Slack


async def test_an_escalation_behind_a_waiting_update_is_told(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """The update shows the higher level already when it leaves, but only the reply pings anybody."""
    way = {"slack_token": "xoxb-test", "slack_channel": "C042", "slack_api_url": slack.api}
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_interval_ms=1500, **way)
    climb = make_trigger(rule="usage_ceiling", level="executive")
    async with running(settings) as notify:
        await log.trigger(make_trigger(rule="usage_ceiling", level="nurture"))
        (post,) = await slack.wait_posts(1)
        await log.trigger(make_trigger(rule="usage_ceiling", level="nurture", scope="storage"))
        await log.trigger(climb)
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 4 and is_settled(rows))
    assert climb.trigger_id in text_of(slack.updates[0])
    assert [(row["action"], row["state"]) for row in rows] == [
        ("post", "sent"),
        ("update", "sent"),
        ("reply", "sent"),
        ("update", "not_sent"),
    ]
    assert (slack.posts[1]["thread_ts"], slack.posts[1]["reply_broadcast"]) == (post["ts"], True)


async def test_an_end_that_comes_after_the_next_trigger_closes_only_what_it_names(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """The next lead's trigger had joined the message without a word; it gets a post of its own."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    first, following = make_trigger(decided_by="app/e-1"), make_trigger(decided_by="app/e-2")
    end = CsqlChange(
        change_id="change-1",
        change="moved",
        item="csql",
        item_id="7",
        account_id="acme",
        play="team_growth",
        stage="closed_won",
        trigger_ids=(first.trigger_id,),
        at=1,
    )
    async with running(settings) as notify:
        await log.trigger(first)
        await slack.wait_posts(1)
        await log.trigger(following)
        await notify.wait_deliveries(lambda rows: len(rows) == 2 and is_settled(rows))
        await log.change(end)
        posts = await slack.wait_posts(2)
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 3 and is_settled(rows))
    assert following.trigger_id in text_of(posts[1])
    assert first.trigger_id not in text_of(posts[1])
    assert [(row["why"], row["state"]) for row in rows] == [
        ("fired", "sent"),
        ("joined", "not_sent"),
        ("fired", "sent"),
    ]


async def test_what_cannot_be_rendered_is_tried_again(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """A fault of ours is mended by a release, and the alert is still there."""
    settings = make_settings(
        kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook, longest_backoff_seconds=1
    )
    slack.plan = [500] * 100
    engine = make_engine(database_url)
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        await notify.wait_deliveries(lambda rows: bool(rows) and rows[0]["attempts"] > 0)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE notify.message_triggers SET body = body - 'rule'"))
        (row,) = await notify.wait_deliveries(lambda rows: rows[0]["reason"].startswith("a fault of ours"))
        assert row["state"] in {"pending", "sending"}
        slack.plan.clear()
        async with engine.begin() as connection:
            await connection.execute(text("""UPDATE notify.message_triggers SET body = body || '{"rule": "mended"}'"""))
        (row,) = await notify.wait_deliveries(is_settled)
    await engine.dispose()
    assert row["state"] == "sent"
    assert len(slack.posts) == 1
