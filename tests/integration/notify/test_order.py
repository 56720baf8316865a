"""What arrives in an awkward order: an escalation behind a silent update, an end behind the next trigger."""

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
