"""The published Segment SDK, unmodified, against the running service."""

from datetime import UTC, datetime, timedelta

import pytest
from segment.analytics.client import Client

from tests.support.ingest import IngestProcess, read_events, read_letters

NO_PROXY = {"http": "", "https": ""}


class Sdk:
    """The SDK's client as a customer configures it, with its errors kept."""

    def __init__(self, ingest: IngestProcess, *, key: str | None = None, gzip: bool = False) -> None:
        self.errors: list[Exception] = []
        self.client = Client(
            key or ingest.key,
            host=ingest.url,
            gzip=gzip,
            max_retries=0,
            upload_interval=0.05,
            on_error=lambda error, _batch: self.errors.append(error),
            proxies=NO_PROXY,
        )

    def close(self) -> list[Exception]:
        """Send everything and end the SDK's thread."""
        self.client.shutdown()
        return self.errors


@pytest.mark.parametrize("gzip", [False, True])
async def test_calls_of_the_published_sdk_are_in_the_log(ingest: IngestProcess, gzip: bool) -> None:
    """All six kinds, with the SDK's own ids, times and layout."""
    account, user = f"acme-{gzip}", f"ada-{gzip}"
    at = datetime.now(UTC) - timedelta(days=3)
    sdk = Sdk(ingest, gzip=gzip)
    sdk.client.identify(user, {"department": "Finance", "email": "ada@example.com"}, timestamp=at)
    sdk.client.group(user, account, {"name": "Acme", "employees": 70, "plan": "team"}, timestamp=at)
    sdk.client.track(user, "Report Exported", {"format": "pdf"}, timestamp=at, message_id=f"m-{gzip}")
    sdk.client.track("bob", "usage.recorded", {"metric": "api_calls", "quantity": 2.5}, context={"groupId": account})
    sdk.client.page(user, "Docs", "Home", timestamp=at)
    sdk.client.screen(user, "App", "Main", timestamp=at)
    sdk.client.alias(user, f"{user}-2")
    assert sdk.close() == []
    events = [event for event in await read_events(ingest) if event["account_id"] == account]
    assert sorted(event["type"] for event in events) == [
        "account.updated",
        "feature.used",
        "session.started",
        "session.started",
        "usage.recorded",
        "user.provisioned",
    ]
    by_type = {event["type"]: event for event in events}
    assert by_type["account.updated"]["properties"] == {"name": "Acme", "employees": 70, "plan": "team"}
    assert by_type["feature.used"]["id"] == f"m-{gzip}"
    assert by_type["feature.used"]["properties"] == {"feature": "reports"}
    assert by_type["feature.used"]["occurred_at"] == int(at.timestamp() * 1000)
    assert by_type["user.provisioned"]["user_id"] == user
    assert len({event["id"] for event in events if event["type"] == "session.started"}) == 1
    assert {event["source"] for event in events} == {"web"}


async def test_a_thousand_calls_arrive_each_once_in_their_order(ingest: IngestProcess) -> None:
    """The SDK makes batches of a hundred of them."""
    sdk = Sdk(ingest)
    for number in range(1_000):
        sdk.client.track("ada", "feature.used", {"feature": f"f{number}"}, context={"groupId": "many"})
    assert sdk.close() == []
    events = [event for event in await read_events(ingest) if event["account_id"] == "many"]
    assert [event["properties"]["feature"] for event in events] == [f"f{number}" for number in range(1_000)]


async def test_the_sdk_is_told_that_its_key_is_wrong(ingest: IngestProcess) -> None:
    """It raises its own error with our code and message."""
    sdk = Sdk(ingest, key="upw_wrong")
    sdk.client.track("ada", "X", context={"groupId": "wrong-key"})
    (error,) = sdk.close()
    assert str(error) == "[Segment] unauthorized: this write key is not valid (401)"
    assert not [event for event in await read_events(ingest) if event["account_id"] == "wrong-key"]


async def test_one_bad_call_does_not_make_the_sdk_send_the_good_ones_again(ingest: IngestProcess) -> None:
    """The bad one is a dead letter with its reason."""
    sdk = Sdk(ingest)
    sdk.client.track("ada", "usage.recorded", {"metric": "m", "quantity": 1}, {"groupId": "mixed"}, message_id="good")
    sdk.client.track("ada", "usage.recorded", {"metric": "m", "quantity": -1}, {"groupId": "mixed"}, message_id="bad")
    sdk.client.track("nobody", "Song Played", message_id="lost")
    assert sdk.close() == []
    assert [event["id"] for event in await read_events(ingest) if event["account_id"] == "mixed"] == ["good"]
    letters = {letter.event_id: letter for letter in await read_letters(ingest)}
    assert (letters["bad"].reason, letters["bad"].field) == ("out_of_range", "properties.quantity")
    assert (letters["lost"].reason, letters["lost"].account_id) == ("account_unknown", None)
