"""What is on the topics beside good triggers: rubbish, and people who are deleted."""

import asyncio

from shared.kernel.people import Person, encode_person
from shared.kernel.topics import CSQL_CHANGES, DEAD_LETTERS, PEOPLE, TRIGGERS
from tests.support.broker import Broker
from tests.support.notify import Log, make_settings, make_trigger, read_all, running, text_of
from tests.support.receivers import Slack


async def test_rubbish_on_the_topics_goes_to_dead_letters_and_its_neighbours_through(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """Unreadable, of the wrong shape, and what the database cannot hold."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings):
        await log.raw(TRIGGERS.name, "acme", b"\xff{not json")
        await log.raw(TRIGGERS.name, "acme", b'{"record":"fired"}')
        await log.raw(CSQL_CHANGES.name, "acme", None)
        await log.raw(PEOPLE.name, "ana", b"[]")
        await log.trigger(make_trigger("nul \x00 byte"))
        await log.trigger(make_trigger("good"))
        await slack.wait_posts(1)
        letters = await read_all(kafka.bootstrap, topic_prefix + DEAD_LETTERS.name, 5)
    assert sorted((letter["reason"], letter["origin"].partition("/")[0]) for letter in letters) == [
        ("unreadable", "csql.changes"),
        ("unreadable", "expansion.triggers"),
        ("unusable", "expansion.triggers"),
        ("wrong_type", "expansion.triggers"),
        ("wrong_type", "people"),
    ]
    assert {letter["service"] for letter in letters} == {"notify"}


async def test_a_name_with_control_characters_costs_no_alert(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """They are taken out of what is stored and shown."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings):
        await log.trigger(make_trigger(account_name="nul \x00byte"))
        (post,) = await slack.wait_posts(1)
    assert "nul byte" in text_of(post)


async def test_a_deleted_person_is_forgotten(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """The topic is compacted; a tombstone ends a person."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        await log.raw(PEOPLE.name, "ana", encode_person(Person(person_id="ana", name="Ana Lima")))
        await log.raw(PEOPLE.name, "ana", None)
        async with asyncio.timeout(10):
            while notify.service.consumer.progress < 2:
                await asyncio.sleep(0.02)
        await log.trigger(make_trigger(people={"csm": "ana"}))
        (post,) = await slack.wait_posts(1)
    assert "Ana Lima" not in text_of(post)
