"""What the API of notify shows and takes: the delivery log, silences, routes on trial."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.broker import Broker
from tests.support.notify import Log, is_settled, make_settings, make_trigger, running, text_of
from tests.support.receivers import Slack


def soon(**delta: float) -> str:
    """Return an instant from now, as the API takes it."""
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


async def test_the_log_is_filtered_and_paged(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """Newest first; a cursor goes on where a page ended, also while new ones come."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        for number in range(5):
            await log.trigger(make_trigger(f"account-{number}"))
        await notify.wait_deliveries(lambda rows: len(rows) == 5 and is_settled(rows))
        first = (await notify.client.get("/v1/deliveries", params={"limit": 2})).json()
        await log.trigger(make_trigger("late"))
        await notify.wait_deliveries(lambda rows: len(rows) == 6 and is_settled(rows))
        seen = first["deliveries"]
        cursor = first["next_cursor"]
        while cursor:
            page = (await notify.client.get("/v1/deliveries", params={"limit": 2, "cursor": cursor})).json()
            seen += page["deliveries"]
            cursor = page["next_cursor"]
        trigger = make_trigger("account-3")
        by_trigger = await notify.deliveries(trigger_id=trigger.trigger_id)
        none = await notify.deliveries(state="dead")
        bad = await notify.client.get("/v1/deliveries", params={"cursor": "!!"})
        wrong = await notify.client.get("/v1/deliveries", params={"state": "lost"})
    ids = [row["delivery_id"] for row in seen]
    assert ids == sorted(ids, reverse=True)
    assert {row["account_id"] for row in seen} == {f"account-{number}" for number in range(5)}
    assert [row["account_id"] for row in by_trigger] == ["account-3"]
    assert none == []
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_cursor")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")


async def test_a_delivery_is_sent_again_by_hand_and_marked_so(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """As a new delivery that names the old one; what was never to be sent cannot be."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        await log.trigger(make_trigger())
        await log.trigger(make_trigger("held", record="held"))
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 2 and is_settled(rows))
        sent, held = sorted(rows, key=lambda row: row["state"], reverse=True)
        answer = await notify.client.post(f"/v1/deliveries/{sent['delivery_id']}/resend")
        posts = await slack.wait_posts(2)
        refused = await notify.client.post(f"/v1/deliveries/{held['delivery_id']}/resend")
        rows = await notify.wait_deliveries(lambda rows: len(rows) == 3 and is_settled(rows))
    assert (answer.status_code, answer.json()["resend_of"]) == (202, sent["delivery_id"])
    assert "*Sent again*" in text_of(posts[1])
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert (rows[-1]["why"], rows[-1]["state"]) == ("resent_by_hand", "sent")


async def test_a_silence_keeps_quiet_until_it_is_ended(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """And the log names it."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    body = {"match": {"account_id": "acme"}, "ends_at": soon(hours=1), "created_by": "ana", "comment": "renewal talk"}
    async with running(settings) as notify:
        made = await notify.client.post("/v1/silences", json=body)
        await log.trigger(make_trigger())
        await log.trigger(make_trigger("other"))
        await slack.wait_posts(1)
        (silenced,) = await notify.wait_deliveries(bool, account_id="acme")
        listed = (await notify.client.get("/v1/silences")).json()["silences"]
        silence_id = made.json()["silence_id"]
        ended = await notify.client.delete(f"/v1/silences/{silence_id}")
        again = await notify.client.delete(f"/v1/silences/{silence_id}")
        await log.trigger(make_trigger(decided_by="app/e-2"))
        await slack.wait_posts(2)
        empty = (await notify.client.get("/v1/silences")).json()["silences"]
    assert made.status_code == 201
    assert (silenced["state"], silenced["why"]) == ("not_sent", "silenced")
    assert silenced["note"] == f"silence {silence_id} of ana: renewal talk"
    assert [each["silence_id"] for each in listed] == [silence_id]
    assert (ended.status_code, again.status_code, empty) == (204, 404, [])


@pytest.mark.usefixtures("log")
async def test_a_silence_that_makes_no_sense_is_refused(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack
) -> None:
    """A silence of everything, of nothing, in the past, for ever, by nobody."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    body = {"match": {"account_id": "acme"}, "ends_at": soon(hours=1), "created_by": "ana", "comment": "c"}
    wrong: list[dict[str, Any]] = [
        {"match": {}},
        {"match": {"kind": "gossip"}},
        {"match": {"colour": "red"}},
        {"ends_at": "2020-01-01T00:00:00Z"},
        {"ends_at": "2026-01-01T00:00:00"},
        {"ends_at": "9999-01-01T00:00:00Z"},
        {"comment": ""},
        {"created_by": None},
    ]
    async with running(settings) as notify:
        for change in wrong:
            answer = await notify.client.post("/v1/silences", json=body | change)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), change


@pytest.mark.usefixtures("log")
async def test_the_routes_can_be_tried_and_a_sample_sent(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack
) -> None:
    """Where it would go, by which route; the sample is marked as a test and has no buttons to act."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        dry = (await notify.client.post("/v1/routes/test", json={"segment": "SMB"})).json()
        sent = (await notify.client.post("/v1/routes/test", json={"segment": "Enterprise", "send": True})).json()
        (post,) = await slack.wait_posts(1)
        (row,) = await notify.wait_deliveries(is_settled)
        wrong = await notify.client.post("/v1/routes/test", json={"kind": "gossip"})
    assert [each["channel"] for each in dry["channels"]] == ["in-app", "slack"]
    assert (dry["routes"], dry["deliveries"]) == (["smb-expansion"], [])
    assert (sent["routes"], sent["silenced_by"]) == (["everything-else"], None)
    assert "*Test*" in text_of(post)
    assert "csql_claim" not in text_of(post)
    assert (row["why"], row["marks"], [row["delivery_id"]]) == ("test", ["test"], sent["deliveries"])
    assert wrong.status_code == 422
