"""The published client libraries behind one face: what customers have in their code, pointed at our service.

Each sends `track(account, user, name, properties, event_id)` and, when closed, says what it was told went wrong.
"""

from collections.abc import Callable
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

import httpx
from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent
from openmeter import Client as OpenmeterSdk
from openmeter.models import Event
from posthog import Posthog
from rudderstack.analytics.client import Client as RudderSdk
from segment.analytics.client import Client as SegmentSdk

__all__ = ["CLIENTS", "Client", "OpenmeterClient", "PosthogClient", "RudderClient", "SegmentClient"]

NO_PROXY = {"http": "", "https": ""}


class Client(Protocol):
    """One client library at work. Shape: `route` is where it posts; `errors` what it raised or handed to `on_error`."""

    route: str
    errors: list[Exception]

    def track(self, account: str, user: str, name: str, properties: dict[str, Any], number: int) -> str:
        """Send one event, and return its id as the log will have it."""

    def close(self) -> list[Exception]:
        """Send what waits, and return the errors."""


class SegmentClient:
    """segment-analytics-python."""

    route = "/v1/batch"

    def __init__(self, url: str, key: str, **options: Any) -> None:
        self.errors: list[Exception] = []
        settings = {"upload_interval": 0.05} | options
        self.sdk = SegmentSdk(key, host=url, on_error=self._failed, proxies=NO_PROXY, **settings)

    def _failed(self, error: Exception, _batch: object) -> None:
        self.errors.append(error)

    def track(self, account: str, user: str, name: str, properties: dict[str, Any], number: int) -> str:
        """Send one call."""
        self.sdk.track(user, name, properties, {"groupId": account}, message_id=f"s-{account}-{number}")
        return f"s-{account}-{number}"

    def close(self) -> list[Exception]:
        """End the SDK's thread once its queue is empty."""
        self.sdk.shutdown()
        return self.errors


class RudderClient(SegmentClient):
    """rudder-sdk-python, which compresses unless it is told not to."""

    def __init__(self, url: str, key: str, **options: Any) -> None:
        self.errors = []
        settings = {"upload_interval": 0.05} | options
        self.sdk = RudderSdk(key, host=url, on_error=self._failed, proxies=NO_PROXY, **settings)


class PosthogClient:
    """posthog; `v1` is the form that is answered event by event."""

    def __init__(self, url: str, key: str, *, v1: bool = False, **options: Any) -> None:
        self.route = "/i/v1/analytics/events" if v1 else "/batch/"
        self.errors: list[Exception] = []
        settings = {"max_retries": 10, "flush_interval": 0.1, "capture_mode": "v1" if v1 else "v0"} | options
        self.sdk = Posthog(key, host=url, on_error=self._failed, **settings)

    def _failed(self, error: Exception, _batch: object) -> None:
        self.errors.append(error)

    def track(self, account: str, user: str, name: str, properties: dict[str, Any], number: int) -> str:
        """Capture one event."""
        uuid = str(uuid5(NAMESPACE_URL, f"{account} {number}"))
        self.sdk.capture(name, distinct_id=user, properties=properties, groups={"company": account}, uuid=uuid)
        return uuid

    def close(self) -> list[Exception]:
        """End the SDK's thread once its queue is empty."""
        self.sdk.flush(timeout_seconds=60)
        self.sdk.shutdown()
        return self.errors


class OpenmeterClient:
    """openmeter; what waits is sent as one batch."""

    route = "/api/v1/events"

    def __init__(self, url: str, key: str) -> None:
        self.errors: list[Exception] = []
        self.sdk = OpenmeterSdk(url, key, retry_status=10)
        self._waiting: list[Event] = []

    def track(self, account: str, user: str, name: str, properties: dict[str, Any], number: int) -> str:
        """Keep one event for the batch."""
        event = Event(id=str(number), source=account, specversion="1.0", type=name, subject=account)
        event.data = properties | {"user_id": user}
        self._waiting.append(event)
        return f"{account} {number}"

    def close(self) -> list[Exception]:
        """Send the batch."""
        try:
            self.sdk.events.ingest_events(self._waiting)
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises is what its user would see
            self.errors.append(error)
        self.sdk.close()
        return self.errors


class CloudEventsClient:
    """cloudevents makes the request, and its user sends it, here with httpx and without retries."""

    route = "/v1/events"

    def __init__(self, url: str, key: str, make: Callable[[CloudEvent], tuple[dict[str, str], bytes]]) -> None:
        self.errors: list[Exception] = []
        self._make = make
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, trust_env=False)

    def track(self, account: str, user: str, name: str, properties: dict[str, Any], number: int) -> str:
        """Send one event."""
        attributes = {"id": str(number), "source": account, "type": name, "accountid": account, "userid": user}
        attributes["datacontenttype"] = "application/json"
        headers, body = self._make(CloudEvent(attributes, properties))
        try:
            self._http.post(self.route, content=body, headers=headers).raise_for_status()
        except httpx.HTTPStatusError as error:
            self.errors.append(error)
        return f"{account} {number}"

    def close(self) -> list[Exception]:
        """Everything was sent at once."""
        self._http.close()
        return self.errors


CLIENTS: dict[str, Callable[[str, str], Client]] = {
    "segment": SegmentClient,
    "segment-gzip": lambda url, key: SegmentClient(url, key, gzip=True),
    "rudderstack": RudderClient,
    "rudderstack-plain": lambda url, key: RudderClient(url, key, gzip=False),
    "posthog": PosthogClient,
    "posthog-gzip": lambda url, key: PosthogClient(url, key, gzip=True),
    "posthog-v1": lambda url, key: PosthogClient(url, key, v1=True),
    "openmeter": OpenmeterClient,
    "cloudevents-structured": lambda url, key: CloudEventsClient(url, key, to_structured),
    "cloudevents-binary": lambda url, key: CloudEventsClient(url, key, to_binary),
}
