"""Alerts by mail: who gets one, how it reads, and what a mail server's answers mean."""

import asyncio

import pytest

from shared.kernel.csql_changes import CsqlChange
from shared.kernel.people import Person, encode_person
from shared.kernel.topics import PEOPLE
from tests.support.broker import Broker
from tests.support.notify import Log, is_settled, make_settings, make_trigger, running
from tests.support.receivers import Mailbox, Slack


async def test_smb_gets_a_prompt_in_the_product_and_a_mail(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log, mail: tuple[Mailbox, int]
) -> None:
    """The defaults of playbook section 8; others go to Slack."""
    mailbox, port = mail
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        slack_webhook_url=slack.hook,
        smtp_host="127.0.0.1",
        smtp_port=port,
        email_from="Upswing <upswing@example.com>",
        email_to=("pool@example.com",),
        account_url="https://crm.example.com/{account_id}",
    )
    async with running(settings) as notify:
        trigger = make_trigger(segment="SMB")
        await log.trigger(trigger)
        (sent,) = await mailbox.wait_mails(1)
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 2 and is_settled(rows))
        prompts = (await notify.client.get("/v1/prompts/acme")).json()["prompts"]
        assert [prompt["account_url"] for prompt in prompts] == ["https://crm.example.com/acme"]
        await log.trigger(make_trigger(segment="SMB", record="resolved"))
        await notify.wait_deliveries(lambda rows: len(rows) == 4 and is_settled(rows))
        after = (await notify.client.get("/v1/prompts/acme")).json()["prompts"]
    assert {(row["channel"], row["state"], row["target"]) for row in rows} == {
        ("in-app", "sent", "the product"),
        ("email", "sent", "pool@example.com"),
    }
    assert [(prompt["trigger_id"], prompt["text"]) for prompt in prompts] == [
        (trigger.trigger_id, "46 of 50 seats active in 7 days = 92 % (> 90 %)")
    ]
    assert after == []
    assert sent["To"] == "pool@example.com"
    assert "Account: https://crm.example.com/acme" in sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # both parts are there
    assert slack.posts == []


async def test_a_mail_is_readable_as_text_and_as_html(
    kafka: Broker, topic_prefix: str, database_url: str, log: Log, mail: tuple[Mailbox, int]
) -> None:
    """It goes to the owner, and what a customer wrote is text in it."""
    mailbox, port = mail
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        smtp_host="127.0.0.1",
        smtp_port=port,
        email_from="upswing@example.com",
    )
    ana = Person(person_id="ana", name="Ana Lima", email="ana@example.com", time_zone="Europe/Lisbon")
    async with running(settings) as notify:
        await log.raw(PEOPLE.name, "ana", encode_person(ana))
        async with asyncio.timeout(10):
            while notify.service.consumer.progress < 1:
                await asyncio.sleep(0.02)
        await log.trigger(make_trigger(people={"csm": "ana@example.com"}))
        (sent,) = await mailbox.wait_mails(1)
    text = sent.get_body(("plain",))
    html = sent.get_body(("html",))
    assert text is not None
    assert html is not None
    assert sent["To"] == "ana@example.com"
    assert sent["Subject"].startswith("Acme & Sons <b>: Seats are nearly full")
    assert "46 of 50 seats active in 7 days = 92 % (> 90 %)" in text.get_content()
    assert "Acme &amp; Sons &lt;b&gt;" in html.get_content()
    assert "15:13 WEST" in html.get_content()
    assert "Account:" not in text.get_content()
    assert "<a " not in html.get_content()
    assert sent["Auto-Submitted"] == "auto-generated"


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


async def test_a_mail_waits_for_the_owner_of_the_lead(
    kafka: Broker, topic_prefix: str, database_url: str, log: Log, mail: tuple[Mailbox, int]
) -> None:
    """The lead comes after its trigger, and wakes the mail; other addresses are for leads without an owner."""
    mailbox, port = mail
    settings = make_settings(
        kafka.bootstrap,
        topic_prefix,
        database_url,
        smtp_host="127.0.0.1",
        smtp_port=port,
        email_from="upswing@example.com",
        email_to=("pool@example.com",),
        owner_seconds=60,
    )
    ana = Person(person_id="ana", name="Ana Lima", email="ana@example.com")
    created = CsqlChange(
        change_id="change-1",
        change="created",
        item="csql",
        item_id="7",
        account_id="acme",
        play="team_growth",
        stage="trigger_fired",
        owner_id="ana",
        at=1,
    )
    async with running(settings) as notify:
        await log.raw(PEOPLE.name, "ana", encode_person(ana))
        await log.trigger(make_trigger())
        await notify.wait_deliveries(
            lambda rows: bool(rows) and rows[0]["reason"] == "the lead's owner is not known yet"
        )
        await log.change(created)
        (sent,) = await mailbox.wait_mails(1)
        (row,) = await notify.wait_deliveries(is_settled)
    assert sent["To"] == "ana@example.com"
    assert (row["state"], row["attempts"]) == ("sent", 2)
