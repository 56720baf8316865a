"""The same event in every dialect, for tests that hold one promise for all of them."""

from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["SPOKEN", "Spoken"]

Fields = dict[str, Any]


class Spoken(msgspec.Struct, frozen=True):
    """How one dialect writes usage of a metric.

    Shape: `event` takes id, account, time and properties; `batch` joins events that are already bytes; the other names
    are those of the fields that hold the same; `logged` is the id as the log has it; `made_up` says whether an event
    without an id gets one.
    """

    name: str
    path: str
    single: str
    media_type: str
    event: Callable[[str, str, Any, Fields], Fields]
    batch: Callable[[list[bytes]], bytes]
    id_field: str
    time_field: str
    properties: str
    logged: str = "{}"
    made_up: bool = False

    def write(self, event_id: str, account: str, at: Any = None, **properties: Any) -> Fields:
        """Return one good event."""
        return self.event(event_id, account, at, {"metric": "api_calls", "quantity": 1} | properties)


def _call(event_id: str, account: str, at: Any, properties: Fields) -> Fields:
    return {
        "type": "track",
        "event": "usage.recorded",
        "messageId": event_id,
        "userId": "ada",
        "context": {"groupId": account},
        "timestamp": at,
        "properties": properties,
    }


def _rudder(event_id: str, account: str, at: Any, properties: Fields) -> Fields:
    return _call(event_id, account, at, properties) | {"channel": "server"}


def _posthog(event_id: str, account: str, at: Any, properties: Fields) -> Fields:
    return {
        "event": "usage.recorded",
        "distinct_id": "ada",
        "uuid": event_id,
        "timestamp": at,
        "properties": properties | ({"$groups": {"company": account}} if account else {}),
    }


def _native(event_id: str, account: str, at: Any, properties: Fields) -> Fields:
    return {
        "id": event_id,
        "type": "usage.recorded",
        "account_id": account or None,
        "user_id": "ada",
        "occurred_at": at,
        "properties": properties,
    }


def _cloud(event_id: str, account: str, at: Any, properties: Fields) -> Fields:
    event = {"specversion": "1.0", "id": event_id, "source": "/t", "type": "usage.recorded", "time": at}
    return event | {"accountid": account or None, "userid": "ada", "data": properties}


def _metered(event_id: str, account: str, at: Any, properties: Fields) -> Fields:
    event = {"specversion": "1.0", "id": event_id, "source": "/t", "type": "usage.recorded", "time": at}
    return event | {"subject": account or None, "data": properties}


def _in_envelope(events: list[bytes]) -> bytes:
    return b'{"batch":[' + b",".join(events) + b"]}"


def _in_array(events: list[bytes]) -> bytes:
    return b"[" + b",".join(events) + b"]"


_SEGMENT = Spoken(
    name="segment",
    path="/v1/batch",
    single="/v1/track",
    media_type="application/json",
    event=_call,
    batch=_in_envelope,
    id_field="messageId",
    time_field="timestamp",
    properties="properties",
    made_up=True,
)
_CLOUD = Spoken(
    name="cloudevents",
    path="/v1/events",
    single="/v1/events",
    media_type="application/cloudevents-batch+json",
    event=_cloud,
    batch=_in_array,
    id_field="id",
    time_field="time",
    properties="data",
    logged="/t {}",
)
SPOKEN: dict[str, Spoken] = {
    "segment": _SEGMENT,
    "rudderstack": msgspec.structs.replace(_SEGMENT, name="rudderstack", event=_rudder),
    "posthog": msgspec.structs.replace(
        _SEGMENT, name="posthog", path="/batch/", single="/capture/", event=_posthog, id_field="uuid"
    ),
    "native": Spoken(
        "native", "/v1/events", "/v1/events", "application/json", _native, _in_array, "id", "occurred_at", "properties"
    ),
    "cloudevents": _CLOUD,
    "openmeter": msgspec.structs.replace(
        _CLOUD, name="openmeter", path="/api/v1/events", single="/api/v1/events", event=_metered
    ),
}
