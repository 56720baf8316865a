"""What each kind of call of the published SDKs becomes in the log; Segment's are in `test_sdk.py`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloudevents.conversion import to_json
from cloudevents.http import CloudEvent
from openmeter import Client as OpenmeterSdk
from openmeter.models import Event
from posthog import Posthog, identify_context, new_context

from tests.support.clients import PosthogClient, RudderClient
from tests.support.ingest import IngestProcess, read_events

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
AT_MS = int(AT.timestamp() * 1000)


async def logged(ingest: IngestProcess, account: str) -> dict[str, dict[str, Any]]:
    """Return the last event of each type of an account, and fail when two of one type have different ids."""
    return {event["type"]: event for event in await read_events(ingest) if event["account_id"] == account}


async def test_calls_of_rudderstacks_sdk(ingest: IngestProcess) -> None:
    """Compressed, with the key as the Basic user name and the traits of identify in the context."""
    client = RudderClient(ingest.url, ingest.key)
    sdk = client.sdk
    sdk.group("rita", "rudder", {"name": "Rudder Ltd", "employees": 70}, timestamp=AT)
    sdk.identify("rita", {"department": "Finance"}, timestamp=AT)
    sdk.track("rita", "API Called", {"calls": 5}, timestamp=AT)
    sdk.track("rita", "Song Played", {"mentions_competitor": True})
    sdk.page("rita", "Docs", "Home", timestamp=AT)
    sdk.screen("rita", "App", "Main", timestamp=AT)
    sdk.alias("rita", "rita-2")
    assert client.close() == []
    later = RudderClient(ingest.url, ingest.key)
    later.sdk.track("rita-2", "limit.reached", {"metric": "api_calls"})
    assert later.close() == []
    events = await logged(ingest, "rudder")
    assert {kind: event["properties"] for kind, event in events.items()} == {
        "account.updated": {"name": "Rudder Ltd", "employees": 70},
        "user.provisioned": {"department": "Finance"},
        "usage.recorded": {"quantity": 5, "metric": "api_calls"},
        "feature.used": {"feature": "Song Played", "mentions_competitor": True},
        "session.started": {},
        "limit.reached": {"metric": "api_calls"},
    }
    assert events["usage.recorded"]["occurred_at"] == AT_MS
    assert (events["usage.recorded"]["user_id"], events["limit.reached"]["user_id"]) == ("rita", "rita-2")
    assert ingest.by_label("upswing_ingest_events_in_total", "dialect", source="web")["rudderstack"] == 8


@pytest.mark.parametrize("v1", [False, True])
async def test_calls_of_posthogs_sdk(ingest: IngestProcess, v1: bool) -> None:
    """Both forms: events, persons, groups, page views, aliases and visitors without a profile."""
    account, person = f"hog-{v1}", f"max-{v1}"
    groups = {"company": account, "team": "blue"}
    client = PosthogClient(ingest.url, ingest.key, v1=v1)
    sdk = client.sdk
    sdk.group_identify("company", account, {"name": "Hog Ltd", "seats": 9}, timestamp=AT)
    sdk.group_identify("team", "blue", {"name": "Blue"})
    sdk.capture("API Called", distinct_id=person, properties={"calls": 5}, groups=groups, timestamp=AT)
    sdk.capture("$pageview", distinct_id=person, groups=groups, timestamp=AT)
    sdk.capture("$screen", distinct_id=person, groups=groups, timestamp=AT)
    with new_context():
        identify_context(person)
        sdk.set(properties={"department": "Finance", "$groups": groups}, timestamp=AT)
    sdk.capture("$identify", distinct_id=person, properties={"$set": {"department": "Finance"}}, groups=groups)
    sdk.alias(person, f"{person}-2")
    sdk.capture("limit.reached", distinct_id=f"{person}-2", properties={"metric": "m"})
    sdk.capture("Song Played", properties={"x": 1}, groups=groups)
    assert client.close() == []
    events = await logged(ingest, account)
    assert events["account.updated"]["properties"] == {"name": "Hog Ltd", "seats": 9}
    assert events["usage.recorded"]["properties"] == {"quantity": 5, "metric": "api_calls"}
    assert events["usage.recorded"]["occurred_at"] == AT_MS
    assert (events["usage.recorded"]["user_id"], events["limit.reached"]["user_id"]) == (person, f"{person}-2")
    assert events["session.started"]["user_id"] == person
    assert events["user.provisioned"]["properties"] == {"department": "Finance"}
    assert events["feature.used"]["properties"] == {"feature": "Song Played"}
    assert events["feature.used"].get("user_id") is None, "a person the SDK made up is a visitor"


async def test_posthogs_other_paths(ingest: IngestProcess) -> None:
    """AI events go to a path of their own; a migration's times are left as they are."""
    client = PosthogClient(ingest.url, ingest.key, historical_migration=True)
    sdk: Posthog = client.sdk
    sdk.capture_ai("$ai_generation", distinct_id="max", properties={"$ai_model": "m"}, groups={"company": "hog-ai"})
    sdk.capture("Song Played", distinct_id="max", groups={"company": "hog-old"}, timestamp=AT - timedelta(days=700))
    assert client.close() == []
    assert (await logged(ingest, "hog-ai"))["feature.used"]["properties"] == {"feature": "$ai_generation"}
    assert (await logged(ingest, "hog-old"))["feature.used"]["occurred_at"] == AT_MS - 700 * 86_400_000
    assert ingest.by_label("upswing_ingest_http_requests_total", "status", route="/i/v0/ai/batch/") == {"200": 1}


async def test_calls_of_openmeters_sdk(ingest: IngestProcess) -> None:
    """One event, a batch, and both as plain JSON."""

    def event(number: int, name: str, **data: Any) -> Event:
        made = Event(id=str(number), source="gateway", specversion="1.0", type=name, subject="meter-ltd", time=AT)
        made.data = data
        return made

    with OpenmeterSdk(ingest.url, ingest.key) as sdk:
        sdk.events.ingest_event(event(1, "tokens", value="2.5", user_id="ada"))
        sdk.events.ingest_events([event(2, "requests"), event(3, "API Called", calls=7)])
        sdk.events.ingest_events_json(event(4, "feature.used", feature="export"))
        sdk.events.ingest_events_json([event(5, "usage.reported", metric="storage_gb", level=3)])
    found = {e["id"]: e for e in await read_events(ingest) if e["account_id"] == "meter-ltd"}
    assert {name: (each["type"], each["properties"]) for name, each in found.items()} == {
        "gateway 1": ("usage.recorded", {"metric": "tokens", "quantity": "2.5"}),
        "gateway 2": ("usage.recorded", {"metric": "requests", "quantity": 1}),
        "gateway 3": ("usage.recorded", {"metric": "api_calls", "quantity": 7}),
        "gateway 4": ("feature.used", {"feature": "export"}),
        "gateway 5": ("usage.reported", {"metric": "storage_gb", "level": 3}),
    }
    assert {each["occurred_at"] for each in found.values()} == {AT_MS}
    assert found["gateway 1"]["user_id"] == "ada"


async def test_cloud_events_of_the_sdk_as_a_batch(ingest: IngestProcess) -> None:
    """The SDK has no batch of its own; its JSON of each event, joined, is one. Bytes as data travel as base64."""
    attributes = {"source": "/shop", "time": AT.isoformat(), "accountid": "cloud-ltd", "userid": "ada"}
    made = [
        CloudEvent(attributes | {"id": "1", "type": "API Called"}, {"calls": 7}),
        CloudEvent(attributes | {"id": "2", "type": "session.started"}),
        CloudEvent(attributes | {"id": "3", "type": "feature.used"}, b'{"feature":\n "export"}'),
        CloudEvent(attributes | {"id": "4", "type": "com.example.sung"}, {"key": "c"}),
    ]
    body = b"[" + b",".join(to_json(each) for each in made) + b"]"
    headers = {"content-type": "application/cloudevents-batch+json; charset=utf-8"}
    answer = ingest.post("/v1/events", body, headers=headers)
    assert answer.json() == {"accepted": 4, "duplicates": 0, "rejected": []}
    found = {e["id"]: e for e in await read_events(ingest) if e["account_id"] == "cloud-ltd"}
    assert {name: (each["type"], each["properties"]) for name, each in found.items()} == {
        "/shop 1": ("usage.recorded", {"metric": "api_calls", "quantity": 7}),
        "/shop 2": ("session.started", {}),
        "/shop 3": ("feature.used", {"feature": "export"}),
        "/shop 4": ("feature.used", {"feature": "com.example.sung"}),
    }
    assert {(each["occurred_at"], each["user_id"]) for each in found.values()} == {(AT_MS, "ada")}
