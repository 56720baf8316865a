"""Receivers and topics of one test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.broker import Broker
from tests.support.notify import Log, written_log
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
