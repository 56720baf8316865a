"""Nothing is lost or happens twice: kill -9 of each service, rubbish in the log, a lost store, a silent key."""

import asyncio
import contextlib
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

from shared.kernel.errors import Reason
from shared.kernel.ids import partition_for
from shared.kernel.triggers import Trigger
from tests.support.e2e.customers import LIMIT_METRIC, Customer, deciding, deciding_id
from tests.support.e2e.opening import PARTITIONS, SlackKind
from tests.support.e2e.stand import Stand
from tests.support.traffic import write_past
from upswing.commands.keys import issue_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

SLACK: SlackKind = "api"  # what was posted when notify was killed is found by its metadata: no repeat at all
SERVICES = ("signals", "pipeline", "notify", "ingest")
EACH = 5
ACCOUNTS = {service: [f"{service}-{number}" for number in range(EACH)] for service in SERVICES}
DIRECT = "direct"
CUSTOMERS = tuple(
    Customer(account, f"Customer {account}")
    for account in (*(name for names in ACCOUNTS.values() for name in names), "busy", "rubbish", "misplaced", "cold")
)


def usage(account_id: str, name: str, quantity: object = 1) -> dict[str, Any]:
    """Return the Segment message of a little use."""
    properties = {"metric": LIMIT_METRIC, "quantity": quantity}
    return deciding(account_id, name) | {"properties": properties}


def native(account_id: str, name: str, quantity: object) -> bytes:
    """Return an event as a direct producer writes it to the log."""
    properties = {"metric": LIMIT_METRIC, "quantity": quantity}
    now_ms = time.time_ns() // 1_000_000
    event = {"type": "usage.recorded", "id": name, "account_id": account_id, "occurred_at": now_ms}
    return msgspec.json.encode(event | {"properties": properties})


async def assert_one_effect(stand: Stand, account_id: str, trigger_id: str) -> None:
    """Assert one lead with that trigger alone as its evidence, and one alert."""
    (lead,) = await stand.leads(account_id)
    assert lead["trigger_ids"] == [trigger_id]
    assert [row["trigger_id"] for row in lead["evidence"]] == [trigger_id]
    assert len(stand.posts(trigger_id)) == 1, stand.posts(trigger_id)


async def assert_letters_are_told(stand: Stand) -> None:
    """Assert what `upswing dead-letters` and `upswing trace` tell a person of the rubbish."""
    kafka = ("--kafka", stand.stack.bootstrap)
    listed = await stand.upswing("dead-letters", "list", *kafka, "--reason", str(Reason.OUT_OF_RANGE))
    assert "2 in all: 2 out_of_range" in listed
    shown = await stand.upswing("dead-letters", "show", listed.splitlines()[1].split()[0], *kafka)
    assert "properties.quantity" in shown
    assert (await stand.trace("b3")).startswith("refused   by signals: out_of_range at properties.quantity")
    replayed = await stand.upswing("dead-letters", "replay", "--reason", str(Reason.MISSING_FIELD), *kafka)
    assert replayed == "0 sent again, 1 not\n"


@contextlib.asynccontextmanager
async def flowing(stand: Stand) -> AsyncIterator[Counter[str]]:
    """Let clients send all the while; the counter holds how many events have been answered 200."""
    sent: Counter[str] = Counter()
    stopping = asyncio.Event()

    async def send() -> None:
        while not stopping.is_set():
            start = sent["busy"]
            await stand.deliver(*(usage("busy", f"busy-{start + number}") for number in range(10)))
            sent["busy"] += 10
            await asyncio.sleep(0.03)

    task = asyncio.create_task(send())
    try:
        yield sent
    finally:
        stopping.set()
        await task


async def test_killing_each_service_while_events_flow_loses_and_repeats_nothing(stand: Stand) -> None:
    """The triggers, leads and alerts are those that were sent for, each once; every event is counted once."""
    async with flowing(stand) as sent:
        for service in SERVICES:
            first, *others, last = ACCOUNTS[service]
            await asyncio.gather(stand.deliver(deciding(first)), stand.kill(service))
            await asyncio.gather(*(stand.deliver(deciding(account)) for account in others))
            await stand.until_ready(service)
            await stand.deliver(deciding(last))
    await stand.quiet()

    expected = {account: deciding_id(account) for names in ACCOUNTS.values() for account in names}
    written = await stand.triggers()
    assert {key for key in written if key[0] in expected} == {
        (account, trigger_id, "fired") for account, trigger_id in expected.items()
    }
    for account, trigger_id in expected.items():
        await assert_one_effect(stand, account, trigger_id)
    assert len(stand.slack.posts) == len(expected)
    assert "possible repeat" not in str(stand.slack.posts)
    assert {name: stand.stack.supervisor.restarts(name) for name in SERVICES} == dict.fromkeys(SERVICES, 1)

    await stand.deliver(usage("busy", "busy-last", 96_000))
    await stand.quiet()
    (trigger,) = [one for one in await stand.trigger_records() if one.account_id == "busy"]
    assert trigger.evidence.numbers["used"] == 96_000 + sent["busy"]


async def test_rubbish_between_good_events_becomes_letters_and_stops_nothing(stand: Stand) -> None:
    """Straight on the topic: each piece has its reason, good lines around it count, a misplaced one travels on."""
    home = partition_for("rubbish", PARTITIONS)
    other = next(number for number in range(PARTITIONS) if number != partition_for("misplaced", PARTITIONS))
    await stand.write(
        home,
        "rubbish",
        native("rubbish", "g1", 40_000),
        b"\xff\xfe\x00 no text at all",
        b"",
        None,
        b'{"type":"usage.recorded","id":"b0","account_id":"rubbish","more":' + b"[" * 100_000,
        b"[1, 2]",
        b'{"type":"no.such.type","id":"b1","account_id":"rubbish","occurred_at":1}',
        b'{"type":"usage.recorded","id":"b2","occurred_at":1,"properties":{"metric":"api_calls","quantity":1}}',
        b"\n".join([native("rubbish", "b3", "many"), native("rubbish", "g2", 20_000), native("rubbish", "b4", -1)]),
        native("rubbish", "g3", 36_000),
    )
    await stand.write(other, "rubbish", native("misplaced", "g4", 96_000))
    ids = {"rubbish": deciding_id("rubbish", "g3", DIRECT), "misplaced": deciding_id("misplaced", "g4", DIRECT)}
    for account in ids:
        await stand.until(partial(stand.leads, account), f"the lead of {account}")
    await stand.quiet()
    for account, trigger_id in ids.items():
        await assert_one_effect(stand, account, trigger_id)

    reasons = Counter(letter.reason for letter in await stand.letters() if letter.service == "signals")
    assert reasons == {
        Reason.UNREADABLE: 2,
        Reason.NOT_AN_OBJECT: 1,
        Reason.UNKNOWN_TYPE: 1,
        Reason.MISSING_FIELD: 1,
        Reason.OUT_OF_RANGE: 2,
    }
    await assert_letters_are_told(stand)


async def test_a_worker_that_recovers_says_so_until_it_is_ready(stand: Stand) -> None:
    """Killed, and its local store wiped: `/readyz` names what is missing, then turns ready; nothing is told again."""
    alerts = len(stand.slack.posts)
    answers: list[httpx.Response] = []

    async def ready() -> bool:
        answer = await stand.readiness("signals")
        if answer is not None:
            answers.append(answer)
        return answer is not None and answer.status_code == httpx.codes.OK

    await stand.kill("signals")
    shutil.rmtree(stand.stack.settings.data / "signals")
    await stand.until(ready, "signals to be ready again")
    not_ready = [answer for answer in answers if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE]
    assert [*not_ready, answers[-1]] == answers
    assert not_ready[0].json()["ready"] is False
    assert not_ready[0].json()["checks"]["recovered"] != "ok"
    assert (answers[-1].json()["ready"], answers[-1].json()["checks"]["recovered"]) == (True, "ok")

    await stand.deliver(deciding("cold"))
    await stand.until(lambda: stand.leads("cold"), "the lead")
    await stand.quiet()
    await assert_one_effect(stand, "cold", deciding_id("cold"))
    assert len(stand.slack.posts) == alerts + 1


async def _silences(stand: Stand) -> list[Trigger]:
    """Return the triggers about silent sources, each record once."""
    found = {
        (trigger.trigger_id, trigger.record): trigger
        for trigger in await stand.trigger_records()
        if trigger.rule == "source_silent"
    }
    return list(found.values())


async def test_a_silent_key_makes_one_alert_for_ops_and_ends_when_it_is_heard(stand: Stand) -> None:
    """Its week is written as other ingest processes would have; whatever is killed meanwhile, ops are told once."""
    leads, tasks = [(await stand.get(path))["items"] for path in ("/v1/csqls", "/v1/tasks")]
    _key, secret = issue_key(stand.stack.settings.data / "keys.json", "ios")
    await write_past(stand.stack.bootstrap, "", "ios", quiet_hours=2)

    async def alerted() -> bool:
        found = await _silences(stand)
        return len(found) == 1 and len(stand.posts(found[0].trigger_id)) == 1

    await stand.until(alerted, "the alert of a silent source")
    await stand.kill("ingest")
    await stand.kill("signals")
    for service in ("ingest", "signals"):
        await stand.until_ready(service)
    (fired,) = await _silences(stand)
    assert (fired.record, fired.kind, fired.scope, fired.account_id) == ("fired", "ops", "ios", "")
    (post,) = stand.posts(fired.trigger_id)
    text = msgspec.json.encode(post).decode()
    for part in ("Source ios", "Has fallen silent", "last heard", "usually 120 an hour", "Look at the SDK"):
        assert part in text, text

    event = {"id": "back", "type": "session.started", "account_id": "acme", "user_id": "ada"}
    answer = await stand.ingest.post("/v1/events", json=event, auth=httpx.BasicAuth(secret, ""))
    assert answer.json()["accepted"] == 1, answer.text

    async def ended() -> bool:
        return [trigger.record for trigger in await _silences(stand)] == ["fired", "resolved"]

    await stand.until(ended, "the end of the silence")
    await stand.quiet()
    answer = await stand.notify.get("/v1/deliveries", params={"trigger_id": fired.trigger_id})
    told = [(row["action"], row["why"], row["state"]) for row in answer.json()["deliveries"]]
    assert sorted(told) == [("post", "fired", "sent"), ("update", "resolved", "sent")]
    assert len(stand.posts(fired.trigger_id)) == 1
    assert (await stand.get("/v1/tasks"))["items"] == tasks, "ops are told; nobody has a task"
    assert (await stand.get("/v1/csqls"))["items"] == leads
