"""How long a person waits: from the record on the topic to the post at the receiver."""

import asyncio
import statistics
from typing import Any

from tests.support.broker import Broker
from tests.support.notify import Log, make_settings, make_trigger, running
from tests.support.receivers import Slack

ALERTS = 60
LIMIT_MS = 100.0  # the aim is 30 on a quiet machine; tests share theirs


async def test_half_of_the_alerts_are_posted_within_the_blink_of_an_eye(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log, record_property: Any
) -> None:
    """The senders are woken by the commit, not by a poll."""
    settings = make_settings(
        kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook, poll_seconds=30.0
    )
    waits = []
    async with running(settings):
        loop = asyncio.get_running_loop()
        for number in range(ALERTS):
            written_at = loop.time()
            await log.trigger(make_trigger(f"account-{number}"))
            await slack.wait_posts(number + 1)
            waits.append((slack.arrivals[-1] - written_at) * 1000)
    median = statistics.median(waits)
    record_property("trigger_to_post_p50_ms", round(median, 1))
    record_property("trigger_to_post_worst_ms", round(max(waits), 1))
    assert median < LIMIT_MS
