"""The local receivers understand what is posted to them, and keep nothing back."""

from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx
import pytest

from upswing.demo.receivers import Alert, Receivers, mail_alert, slack_alert

ID = "a8c0509c-b3e0-5f0a-ab1b-54d75456b76a"
BODY: dict[str, Any] = {
    "text": "short",
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Fernweh: close to a limit"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "• *87 &gt; 85*"}},
        {
            "type": "section",
            "fields": [
                {"type": "mrkdwn", "text": "*Owner*\n<@U0MARA>"},
                {"type": "mrkdwn", "text": "*Due*\n<!date^1^{date}|Tue>"},
            ],
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"stage: new · `{ID}`"}]},
        {"type": "actions", "elements": [{"type": "button", "value": ID}]},
    ],
}


def test_a_slack_message_is_told_as_plain_text() -> None:
    """Headline, evidence, facts, and the trigger it belongs to."""
    assert slack_alert(BODY, 5) == Alert(
        "Slack",
        "Fernweh: close to a limit",
        ("• 87 > 85", "Owner: Mara Ilves", "Due: Tue", f"stage: new · {ID}"),
        ID,
        5,
    )


def test_two_lines_of_evidence_are_no_name_and_its_value() -> None:
    """A name is above its value; evidence is one line a happening."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "• 26 of 28 active\n• *26 of 28 assigned*"}}
    assert slack_alert({"blocks": [section]}, 5).lines == ("• 26 of 28 active; • 26 of 28 assigned",)


@pytest.mark.parametrize("body", [{}, [], "x", {"text": "only text"}])
def test_a_message_without_blocks_is_told_by_its_text(body: Any) -> None:
    """Whatever is posted."""
    found = slack_alert(body, 1)
    assert (found.lines, found.trigger_id) == ((), None)


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Tidal: seats", "a@example.com", "success@example.com"
    mail.set_content(f"9 of 10 seats\n\nTrigger: {ID}\n")
    mail.add_alternative("<p>9 of 10 seats</p>", subtype="html")
    return mail


def test_a_mail_is_told_by_its_plain_text() -> None:
    """Subject, address, lines, trigger."""
    assert mail_alert(_mail().as_bytes(), 7) == Alert(
        "e-mail to success@example.com", "Tidal: seats", ("9 of 10 seats", f"Trigger: {ID}"), ID, 7
    )


async def test_both_receivers_take_what_real_clients_send() -> None:
    """A POST as to Slack is answered "ok", rubbish with 400; a mail by SMTP is taken."""
    arrived: list[Alert] = []
    async with Receivers(arrived.append) as receivers, httpx.AsyncClient() as client:
        answer = await client.post(receivers.slack_url, json=BODY)
        assert (answer.status_code, answer.text) == (200, "ok")
        assert (await client.post(receivers.slack_url, content=b"{")).status_code == 400
        await aiosmtplib.send(_mail(), hostname="127.0.0.1", port=receivers.smtp_port, start_tls=False)
    assert [alert.channel for alert in arrived] == ["Slack", "e-mail to success@example.com"]
