"""Who may ask notify for something: those who hold the token, and Slack by its signature."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text

from services.notify.core.signature import sign
from shared.io.database import make_engine
from tests.support.broker import Broker
from tests.support.notify import SIGNING_SECRET, Running, make_settings, running
from tests.support.receivers import Slack


async def press(
    notify: Running, payload: dict[str, Any], secret: str = SIGNING_SECRET, age_s: int = 0
) -> httpx.Response:
    """Post what Slack posts when a button is pressed."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    at = str(int(time.time()) - age_s)
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": sign(secret, at, body)}
    return await notify.client.post("/slack/interactions", content=body, headers=headers)


@pytest.mark.usefixtures("log")
async def test_the_api_is_for_those_who_hold_the_token(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack
) -> None:
    """Every path of `/v1` is closed without it; errors have a code and a message."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    paths = ("/v1/deliveries", "/v1/silences", "/v1/prompts/acme")
    async with running(settings) as notify:
        for path in paths:
            for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
                answer = await notify.client.get(path, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert (await notify.client.get("/nowhere")).json()["code"] == "not_found"
        assert (await notify.client.put("/v1/deliveries")).json()["code"] == "method_not_allowed"
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await notify.client.get(path, headers={"Authorization": ""})).status_code == 200


@pytest.mark.usefixtures("log")
async def test_without_a_token_the_api_stays_shut(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack
) -> None:
    """And says what to set."""
    settings = make_settings(
        kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook, api_token=None, signing_secret=None
    )
    async with running(settings) as notify:
        answer = await notify.client.get("/v1/deliveries")
        buttons = await press(notify, {})
    assert (answer.status_code, answer.json()["code"]) == (401, "api_shut")
    assert "UPSWING_NOTIFY_API_TOKEN" in answer.json()["message"]
    assert (buttons.status_code, buttons.json()["code"]) == (401, "not_set_up")


def payload(action: str = "csql_claim", value: str = "t-1") -> dict[str, Any]:
    """Return what Slack sends about a button."""
    return {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ana"},
        "actions": [{"action_id": action, "value": value, "type": "button"}],
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "message": {"ts": "1.0"},
    }


@pytest.mark.usefixtures("log")
async def test_a_button_is_stored_once_and_answered_at_once(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack
) -> None:
    """A replay of the same request is the same press; a link button is none of ours."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    engine = make_engine(database_url)
    async with running(settings) as notify:
        started = time.monotonic()
        answers = [await press(notify, payload()) for _time in range(3)]
        took = time.monotonic() - started
        other = await press(notify, payload("csql_snooze", "t-2"))
        link = await press(notify, payload("open_account"))
        async with engine.connect() as connection:
            rows = (await connection.execute(text("select * from notify.interactions order by received_at"))).all()
    await engine.dispose()
    assert [answer.status_code for answer in (*answers, other, link)] == [200] * 5
    assert took < 3
    assert [(row.action_id, row.trigger_id, row.slack_user_id) for row in rows] == [
        ("csql_claim", "t-1", "U1"),
        ("csql_snooze", "t-2", "U1"),
    ]
    assert rows[0].forwarded_at is None


@pytest.mark.usefixtures("log")
async def test_a_request_that_slack_did_not_sign_has_no_effect(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack
) -> None:
    """Forged, old, unsigned, too large, or not what Slack sends."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    engine = make_engine(database_url)
    async with running(settings) as notify:
        forged = await press(notify, payload(), secret="another")
        old = await press(notify, payload(), age_s=301)
        bare = await notify.client.post("/slack/interactions", content=b"payload=%7B%7D")
        large = await notify.client.post("/slack/interactions", content=b"x" * 300_000)
        odd = await press(notify, {"type": "view_submission"})
        async with engine.connect() as connection:
            count = (await connection.execute(text("select count(*) from notify.interactions"))).scalar_one()
    await engine.dispose()
    answers = (forged, old, bare, large, odd)
    assert [answer.status_code for answer in answers] == [401, 401, 401, 413, 400]
    assert [answer.json()["code"] for answer in answers] == [
        "signature_wrong",
        "timestamp_stale",
        "signature_missing",
        "too_large",
        "unreadable",
    ]
    assert count == 0
