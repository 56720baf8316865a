"""From a record on the topic to a post at the receiver."""

from tests.support.broker import Broker
from tests.support.notify import Log, Slack, is_settled, make_settings, make_trigger, running, text_of


async def test_a_fired_trigger_is_posted_with_its_evidence(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """A CSM reads what happened, where, what to do and by when."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        trigger = make_trigger()
        await log.trigger(trigger)
        (post,) = await slack.wait_posts(1)
        assert "46 of 50 seats active in 7 days = 92 % (&gt; 90 %)" in text_of(post)
        rows = await notify.wait_deliveries(is_settled)
    assert [(row["state"], row["why"], row["channel"]) for row in rows] == [("sent", "fired", "slack")]
