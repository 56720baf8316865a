"""Receivers and topics of one test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.notify.settings import Settings
from tests.support.broker import Broker
from tests.support.notify import Log, make_settings, written_log
from tests.support.receivers import Mailbox, Slack, mail_sink, slack_receiver


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A receiver shaped like Slack."""
    async with slack_receiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, int]]:
    """A mail sink and its port."""
    with mail_sink() as sink:
        yield sink


@pytest.fixture
async def log(kafka: Broker, topic_prefix: str) -> AsyncIterator[Log]:
    """The topics of this test."""
    async with written_log(kafka.bootstrap, topic_prefix) as topics:
        yield topics


@pytest.fixture
def web_api(kafka: Broker, topic_prefix: str, database_url: str, slack: Slack) -> Settings:
    """Settings of a notify that posts by Slack's Web API, so that it can find and update its posts."""
    return make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        slack_token="xoxb-test",
        slack_channel="C042",
        slack_api_url=slack.api,
    )
