"""Every published SDK, unmodified, against the service on a real Kafka: sent once, rejected one by one, retried."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.clients import CLIENTS, Client
from tests.support.ingest import IngestProcess, read_events, read_letters

USAGE = {"metric": "api_calls", "quantity": 2}
EVENTS = 30
FLUSHES = 5  # mostly one; on a slow machine the SDK's interval ends before the test has handed it all over
RETRIES_ITSELF = [name for name in CLIENTS if not name.startswith("cloudevents")]
TAKEN = {"200", "204"}


def answers(ingest: IngestProcess, route: str) -> dict[str, int]:
    """Return how many requests of a route were answered with which status so far."""
    return ingest.by_label("upswing_ingest_http_requests_total", "status", route=route)


def since(ingest: IngestProcess, route: str, before: dict[str, int]) -> dict[str, int]:
    """Return the answers given since then."""
    now = answers(ingest, route)
    return {status: count - before.get(status, 0) for status, count in now.items() if count > before.get(status, 0)}


def send(client: Client, account: str, count: int = EVENTS) -> list[str]:
    """Send good events of one account, and return their ids."""
    return [client.track(account, "ada", "usage.recorded", USAGE, number) for number in range(count)]


@pytest.mark.parametrize("name", CLIENTS)
async def test_what_the_sdk_sends_is_taken_at_the_first_attempt(ingest: IngestProcess, name: str) -> None:
    """Every event is in the log once, and no request was answered with anything but success."""
    client = CLIENTS[name](ingest.url, ingest.key)
    before = answers(ingest, client.route)
    ids = send(client, f"first-{name}")
    assert client.close() == []
    given = since(ingest, client.route, before)
    assert given.keys() <= TAKEN
    assert sum(given.values()) <= (EVENTS if name.startswith("cloudevents") else FLUSHES)
    events = [event for event in await read_events(ingest) if event["account_id"] == f"first-{name}"]
    assert sorted(event["id"] for event in events) == sorted(ids)
    assert {(event["type"], event["user_id"], event["source"]) for event in events} == {
        ("usage.recorded", "ada", "web")
    }
    assert all(event["properties"].items() >= USAGE.items() for event in events)


@pytest.mark.parametrize("name", CLIENTS)
async def test_one_bad_event_makes_no_sdk_send_the_good_ones_again(ingest: IngestProcess, name: str) -> None:
    """The good ones are in the log once; the bad one is a dead letter with its reason and the route it came by."""
    account = f"mixed-{name}"
    client = CLIENTS[name](ingest.url, ingest.key)
    before = answers(ingest, client.route)
    ids = send(client, account, 3)
    bad = client.track(account, "ada", "usage.recorded", USAGE | {"quantity": -1}, 99)
    errors = client.close()
    given = since(ingest, client.route, before)
    assert sum(given.values()) <= FLUSHES
    assert given.keys() <= ({"204", "400"} if name == "openmeter" else {"200"})
    assert bool(errors) == (name in {"openmeter", "posthog-v1"}), "only these tell their user"
    events = [event["id"] for event in await read_events(ingest) if event["account_id"] == account]
    assert sorted(events) == sorted(ids)
    (letter,) = [letter for letter in await read_letters(ingest) if letter.event_id == bad]
    assert (letter.reason, letter.field, letter.origin) == ("out_of_range", "properties.quantity", client.route)


@pytest.mark.parametrize("name", CLIENTS)
async def test_no_sdk_tries_again_with_a_wrong_key(ingest: IngestProcess, name: str) -> None:
    """One request, answered 401; the SDK's user is told."""
    client = CLIENTS[name](ingest.url, "upw_wrong")
    before = answers(ingest, client.route)
    send(client, f"wrong-{name}", 1)
    (error,) = client.close()
    assert since(ingest, client.route, before) == {"401": 1}
    assert "401" in str(error) or "write key" in str(error)


async def test_every_sdk_waits_at_429_and_is_then_whole(ingest: IngestProcess) -> None:
    """Each has a key that may send one event a second, and whose ten seconds' worth is used up."""
    keys = {name: ingest.issue(name, quota=1)[1] for name in RETRIES_ITSELF}
    filler = [{"id": str(n), "type": "session.started", "account_id": "filler"} for n in range(10)]
    last = list(keys.values())[-1]
    ingest.wait_for(lambda: ingest.post("/v1/events", b"[]", key=last).status_code == 200, 5)
    clients = {name: CLIENTS[name](ingest.url, key) for name, key in keys.items()}
    before = {client.route: answers(ingest, client.route) for client in clients.values()}
    ids: dict[str, list[str]] = {}
    for name, client in clients.items():
        assert ingest.post("/v1/events", filler, key=keys[name]).status_code == 200
        ids[name] = send(client, f"quota-{name}", 4)
    with ThreadPoolExecutor(len(clients)) as threads:
        errors = list(threads.map(lambda client: client.close(), clients.values()))
    assert not any(errors), errors
    for route, former in before.items():
        assert since(ingest, route, former).keys() >= {"429"}
    logged = await read_events(ingest)
    for name, expected in ids.items():
        assert sorted(e["id"] for e in logged if e["account_id"] == f"quota-{name}") == sorted(expected)


async def test_every_sdk_goes_on_at_503_until_the_service_is_ready(
    kafka: Broker, own_ingest_without_topics: IngestProcess
) -> None:
    """Nothing was taken before, and nothing is missing or there twice afterwards."""
    ingest = own_ingest_without_topics
    clients = {name: CLIENTS[name](ingest.url, ingest.key) for name in RETRIES_ITSELF}
    ids = {name: send(client, f"late-{name}", 5) for name, client in clients.items()}
    with ThreadPoolExecutor(len(clients)) as threads:
        closing = [threads.submit(client.close) for client in clients.values()]
        routes = {client.route for client in clients.values()}
        await asyncio.to_thread(ingest.wait_for, lambda: all("503" in answers(ingest, route) for route in routes), 20)
        await ensure_topics(kafka.bootstrap, partitions=4, prefix=ingest.prefix)
        errors = [await asyncio.wrap_future(each) for each in closing]
    assert not any(errors), errors
    logged = await read_events(ingest)
    for name, expected in ids.items():
        assert sorted(e["id"] for e in logged if e["account_id"] == f"late-{name}") == sorted(expected)
