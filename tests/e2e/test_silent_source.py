"""A write key falls silent: ops are told once, whatever is killed meanwhile, and it is over when the key is heard."""

import httpx
import msgspec
import pytest

from shared.kernel.triggers import Trigger
from tests.support.e2e.opening import SlackKind
from tests.support.e2e.stand import Stand
from tests.support.traffic import write_past
from upswing.commands.keys import issue_key

CUSTOMERS = ()
SLACK: SlackKind = "api"
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def silences(stand: Stand) -> list[Trigger]:
    """Return the triggers about silent sources, each record once."""
    found = {
        (trigger.trigger_id, trigger.record): trigger
        for trigger in await stand.trigger_records()
        if trigger.rule == "source_silent"
    }
    return list(found.values())


async def test_a_silent_key_makes_one_alert_for_ops_and_ends_when_it_is_heard(stand: Stand) -> None:
    """Its week is written as other ingest processes would have; the rest is the product as it runs."""
    _key, secret = issue_key(stand.stack.settings.data / "keys.json", "ios")
    await write_past(stand.stack.bootstrap, "", "ios", quiet_hours=2)

    async def alerted() -> bool:
        return len(await silences(stand)) == 1 and len(stand.slack.posts) == 1

    await stand.until(alerted, "the alert of a silent source")
    await stand.kill("ingest")
    await stand.kill("signals")
    for service in ("ingest", "signals"):
        await stand.until_ready(service)
    (fired,) = await silences(stand)
    assert (fired.record, fired.kind, fired.scope, fired.account_id) == ("fired", "ops", "ios", "")
    (post,) = stand.posts(fired.trigger_id)
    text = msgspec.json.encode(post).decode()
    for part in ("Source ios", "Has fallen silent", "last heard", "usually 120 an hour", "Look at the SDK"):
        assert part in text, text

    event = {"id": "back", "type": "session.started", "account_id": "acme", "user_id": "ada"}
    answer = await stand.ingest.post("/v1/events", json=event, auth=httpx.BasicAuth(secret, ""))
    assert answer.json()["accepted"] == 1, answer.text

    async def ended() -> bool:
        return [trigger.record for trigger in await silences(stand)] == ["fired", "resolved"]

    await stand.until(ended, "the end of the silence")
    await stand.quiet()
    answer = await stand.notify.get("/v1/deliveries", params={"trigger_id": fired.trigger_id})
    told = [(row["action"], row["why"], row["state"]) for row in answer.json()["deliveries"]]
    assert sorted(told) == [("post", "fired", "sent"), ("update", "resolved", "sent")]
    assert len([post for post in stand.slack.posts if fired.trigger_id in msgspec.json.encode(post).decode()]) == 1
    assert (await stand.get("/v1/tasks"))["items"] == [], "ops are told; nobody has a task"
    assert (await stand.get("/v1/csqls"))["items"] == []
