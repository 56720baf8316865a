"""One event travels: from the published SDK to the alert, once, through every service as a real process."""

import asyncio
from typing import Any

import pytest
from segment.analytics.client import Client

from shared.kernel.ids import trigger_id
from tests.support.e2e.customers import LIMIT_METRIC, SEATS, SOURCE, Customer, deciding, deciding_id
from tests.support.e2e.opening import SlackKind
from tests.support.e2e.stand import Stand

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

NEARLY_FULL = SEATS - 1
SLACK: SlackKind = "webhook"
CUSTOMERS = (
    Customer("lumen", "Lumen & Sons", active=NEARLY_FULL),
    Customer("pebble", "Pebble Bakery", "SMB", active=NEARLY_FULL),
    Customer("quarry", "Quarry Works", nps=None),
    Customer("triple", "Triple Post"),
    Customer("lost", "Lost & Found"),
    Customer("early", "Early Bird"),
)


def send_with_the_sdk(stand: Stand, method: str, **call: Any) -> None:
    """Make a call with the published SDK, unmodified; return when it has been answered 200."""
    failed: list[Exception] = []
    client = Client(
        stand.write_key,
        host=stand.stack.settings.url("ingest"),
        proxies={"http": "", "https": ""},
        on_error=lambda error, _batch: failed.append(error),
    )
    getattr(client, method)(**call)
    client.flush()
    client.join()
    assert failed == []


def text(post: dict[str, Any]) -> str:
    """Return all texts of a post."""
    parts = [post["text"]]
    for block in post["blocks"]:
        fields = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        parts += [part["text"] for part in fields if part and isinstance(part.get("text"), str)]
    return "\n".join(parts)


async def test_an_event_of_the_sdk_becomes_an_alert_in_slack_and_a_lead(stand: Stand) -> None:
    """The tenth of ten people begins to work: one message with evidence and play; one lead; a trace."""
    call = {"user_id": "ann", "event": "session.started", "message_id": "m-lumen", "context": {"groupId": "lumen"}}
    await asyncio.to_thread(send_with_the_sdk, stand, "track", **call)
    posts = await stand.slack.wait_posts(1, seconds=120)
    await stand.quiet()

    (lead,) = await stand.leads("lumen")
    (found,) = lead["trigger_ids"]
    assert [row["trigger_id"] for row in lead["evidence"]] == [found]
    assert lead["evidence"][0]["rule"] == "seat_saturation"
    assert (lead["play"], lead["stage"], lead["owner"]["id"]) == ("team_growth", "trigger_fired", "cleo")

    assert len(posts) == 1
    said = text(posts[0])
    for part in ("Lumen &amp; Sons", "10 of 10 seats", "Team growth: ", "Cleo Marsh", "(Mid"):
        assert part in said, said
    assert f"`{found}`" in said
    assert [block for block in posts[0]["blocks"] if block["type"] == "actions"] == []

    rows = (await stand.get("/v1/scorecard"))["rows"]
    assert {row["account_id"] for row in rows} == {one.account_id for one in CUSTOMERS}
    (row,) = [row for row in rows if row["account_id"] == "lumen"]
    assert (row["expansion_readiness"], row["activation_status"]) == (100, "activated")
    assert row["active_triggers"] == ["seat_saturation"]

    told = await stand.trace("m-lumen")
    assert [line.split()[0] for line in told.splitlines()] == [
        "logged", "feeds", "folded", "account", "fired", "alert"
    ]  # fmt: skip
    assert f"10 of 10 seats active in 7 days = 100 % (> 90 %) ({found})" in told
    assert " on slack: fired" in told.splitlines()[-1]
    assert told.splitlines()[-1].startswith("alert     sent at ")


async def test_an_smb_account_is_told_of_by_e_mail(stand: Stand) -> None:
    """The tenth person views a page of a small customer's: one mail, nothing in Slack."""
    before = len(stand.slack.posts)
    call = {"user_id": "bo", "name": "Home", "context": {"groupId": "pebble"}}
    await asyncio.to_thread(send_with_the_sdk, stand, "page", **call)
    mails = await stand.mailbox.wait_mails(1, seconds=120)
    await stand.quiet()
    assert len(mails) == 1
    assert len(stand.slack.posts) == before
    (lead,) = await stand.leads("pebble")
    (found,) = lead["trigger_ids"]
    assert "Pebble Bakery" in str(mails[0]["Subject"])
    for kind in ("plain", "html"):
        body = mails[0].get_body((kind,))
        assert body is not None
        said = body.get_content()
        for part in ("Pebble Bakery", "10 of 10 seats", "Team growth", found):
            assert part in said, said
    (trigger,) = [one for one in await stand.trigger_records() if one.trigger_id == found]
    told = (await stand.trace(trigger.decided_by.removeprefix(f"{SOURCE}/"))).splitlines()
    assert [line for line in told if line.startswith("alert     sent at ") and "on email: fired" in line], told


async def test_what_the_gate_holds_is_silent_until_an_event_opens_it(stand: Stand) -> None:
    """Nobody has answered a survey: held with its reason, no lead, no alert. A good answer releases it, once."""
    found = deciding_id("quarry")
    await stand.post(deciding("quarry"))
    await stand.until(lambda: _written(stand, "quarry", found, "held"), "the trigger to be held")
    await stand.quiet()
    assert (await stand.leads("quarry"), stand.posts(found)) == ([], [])
    (held,) = (await stand.get("/v1/accounts/quarry"))["held"]
    assert held["trigger_id"] == found
    told = await stand.trace("decide-quarry")
    assert "held because of sentiment" in told
    assert "alert" not in told

    answer = {"type": "track", "event": "survey.answered", "messageId": "m-answer", "userId": "quarry-u0"}
    given = {"context": {"groupId": "quarry"}, "properties": {"survey": "nps", "score": 9}}
    await stand.post(answer | given)
    await stand.until(lambda: _leads(stand, "quarry"), "the lead of the released trigger")
    await stand.quiet()
    (lead,) = await stand.leads("quarry")
    assert lead["trigger_ids"] == [found]
    (post,) = stand.posts(found)
    assert "Quarry Works" in text(post)
    assert "96,000 of 100,000" in text(post)
    assert "It was held back" in text(post)
    told = await stand.trace("decide-quarry")
    assert told.index("held  ") < told.index("released  ") < told.index("alert     sent at ")


async def test_a_batch_posted_three_times_at_once_has_one_effect(stand: Stand) -> None:
    """All three are answered 200; the calls are counted once, and there is one trigger, one lead, one alert."""
    found = deciding_id("triple")
    more = deciding("triple", "more") | {"properties": {"metric": LIMIT_METRIC, "quantity": 500}}
    answers = await asyncio.gather(*(stand.post(more, deciding("triple")) for _ in range(3)))
    assert [answer["rejected"] for answer in answers] == [[], [], []]
    await stand.until(lambda: _leads(stand, "triple"), "the lead")
    await stand.quiet()
    written = await stand.triggers()
    assert {key[1:] for key in written if key[0] == "triple"} == {(found, "fired")}
    (lead,) = await stand.leads("triple")
    assert lead["trigger_ids"] == [found]
    assert len(stand.posts(found)) == 1
    (trigger,) = {one.trigger_id: one for one in await stand.trigger_records() if one.account_id == "triple"}.values()
    assert trigger.evidence.numbers["used"] == 96_500


async def test_an_event_without_a_known_account_is_replayed_to_its_alert(stand: Stand) -> None:
    """Refused with its reason, told by trace, listed and shown; replayed with its account it fires as any event."""
    message = deciding("lost", "m-lost")
    del message["context"]
    (refused,) = (await stand.post(message | {"userId": "stranger"}))["rejected"]
    assert refused["code"] == "account_unknown"
    assert (await stand.trace("m-lost")).startswith("refused   by ingest: account_unknown")

    kafka = ("--kafka", stand.stack.bootstrap)
    listed = await stand.upswing("dead-letters", "list", *kafka, "--reason", "account_unknown")
    letter_id = listed.splitlines()[1].split()[0]
    assert "1 in all: 1 account_unknown" in listed
    assert "m-lost" in await stand.upswing("dead-letters", "show", letter_id, *kafka)
    replay = await stand.upswing("dead-letters", "replay", letter_id, *kafka, "--account", "lost")
    assert replay == "1 sent again, 0 not\n"

    found = trigger_id("lost", "usage_ceiling", LIMIT_METRIC, "executive", f"{SOURCE}/m-lost")
    await stand.until(lambda: _leads(stand, "lost"), "the lead of the replayed event")
    await stand.quiet()
    assert [lead["trigger_ids"] for lead in await stand.leads("lost")] == [[found]]
    assert len(stand.posts(found)) == 1
    assert "alert     sent at " in await stand.trace("m-lost")


async def test_what_an_sdk_sends_before_its_group_call_reaches_its_alert(stand: Stand) -> None:
    """The SDK's usual order, unmodified: identify, track, and only then group. Nobody sends anything again."""
    message = deciding("early", "m-early")
    track = {"event": message["event"], "properties": message["properties"], "message_id": "m-early"}
    for method, call in (
        ("identify", {"traits": {"department": "Legal"}}),  # it has no neighbour that could be introduced
        ("track", track),
        ("group", {"group_id": "early"}),
    ):
        await asyncio.to_thread(send_with_the_sdk, stand, method, user_id="newcomer", **call)
    found = trigger_id("early", "usage_ceiling", LIMIT_METRIC, "executive", f"{SOURCE}/m-early")
    await stand.until(lambda: _leads(stand, "early"), "the lead of the event that was sent again")
    await stand.quiet()
    assert [lead["trigger_ids"] for lead in await stand.leads("early")] == [[found]]
    assert len(stand.posts(found)) == 1
    told = await stand.trace("m-early")
    assert [line.split()[0] for line in told.splitlines()[:3]] == ["refused", "retaken", "logged"]
    assert "alert     sent at " in told
    kafka = ("--kafka", stand.stack.bootstrap)
    assert "for early" in await stand.upswing("dead-letters", "list", *kafka, "--reason", "account_unknown")


async def _written(stand: Stand, account_id: str, found: str, record: str) -> bool:
    return (account_id, found, record) in await stand.triggers()


async def _leads(stand: Stand, account_id: str) -> bool:
    return bool(await stand.leads(account_id))
