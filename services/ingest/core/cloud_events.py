"""CloudEvents in their three HTTP modes: one event, a batch, or attributes in headers; for the dialects that use them.

Source: CloudEvents 1.0 (JSON format, HTTP binding), playbook section 2.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from uuid import UUID, uuid5

import msgspec

from services.ingest.core.calls import NOTHING, NULL, Call, Context, Id, Time
from services.ingest.core.cutting import cut_array
from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading, Unread, as_bytes, id_in, read_each
from services.ingest.core.validate import UNREADABLE, problem_of
from shared.kernel.errors import Problem
from shared.kernel.events.envelope import MAX_ID_CHARS, Name

HeaderList = Iterable[tuple[bytes, bytes]]
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
LONG_IDS = UUID("5d0a2b7e-8c55-5b6e-9a2c-3f4f1d6c7b10")
JSON_TYPES = ("", "application/json", "text/json")
MOST_SOURCE_CHARS = 2_048

Source = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_SOURCE_CHARS)]
_ENCODER = msgspec.json.Encoder()


class CloudEvent(msgspec.Struct, gc=False):
    """One CloudEvent. Shape: `accountid` and `userid` are our extensions; rows of the plan may speak of others."""

    specversion: Literal["1.0", "0.3"]
    id: Name
    source: Source
    type: Name
    subject: str | None = None
    time: Time | None = None
    data: msgspec.Raw = NOTHING
    data_base64: str | None = None
    accountid: Id | None = None
    userid: Id | None = None

    @property
    def event_id(self) -> str:
        """The event's name among all of a write key: source and id together, or their hash when that is too long."""
        name = f"{self.source} {self.id}"
        return name if len(name) <= MAX_ID_CHARS else str(uuid5(LONG_IDS, name))


Take = Callable[[int, CloudEvent, Reading, Intake], Problem | None]
_ONE = msgspec.json.Decoder(CloudEvent)
_MANY = msgspec.json.Decoder(list[msgspec.Raw])


def take_each(reading: Reading, intake: Intake, take: Take) -> None:
    """Hand each event over, and reject those that cannot be read or taken with the reason."""
    for index, event in enumerate(reading.items):
        if type(event) is Unread:
            intake.reject(index, id_in(event.raw, "id"), event.problem, event.raw)
            continue
        try:
            problem = take(index, event, reading, intake)
        except UNREADABLE as error:
            problem = problem_of(error)
        if problem is not None:
            intake.reject(index, event.event_id, problem, reading.raw_at(index))


def read_cloud_events(body: bytes) -> Reading:
    """Read one event or an array of them. Errors: `msgspec.DecodeError`, `ValueError` when nothing can be read."""
    start = len(body) - len(body.lstrip())
    if start == len(body):
        raise ValueError("it is empty")
    array = body[start : start + 1] == b"["
    raws = _split(body, start) if array else [body]
    return Reading(read_each(raws, _ONE.decode), lambda: raws, single=not array, as_call=_as_call)


def as_structured(media_type: str, headers: HeaderList, body: bytes) -> bytes:
    """Return an event of binary mode, whose attributes are headers, as it would stand in structured mode."""
    event: dict[str, Any] = {
        name[3:].decode("latin-1"): unquote(value.decode("latin-1")) for name, value in headers if name[:3] == b"ce-"
    }
    event.pop("data", None)
    if media_type not in JSON_TYPES:
        event["datacontenttype"] = media_type
    if body:
        event["data_base64"] = base64.b64encode(body).decode()
    return _ENCODER.encode(event)


def call_of(event: CloudEvent, account_id: Id | None) -> Call:
    """Return an event as the `track` call that means the same.

    Errors: `msgspec.DecodeError` or `ValueError` when the data cannot be read, or is no object.
    """
    properties = properties_of(event)
    if b'_id"' in bytes(properties):
        found = msgspec.json.decode(properties)
        account_id = account_id or _id_in(found, "account_id")
        event.userid = event.userid or _id_in(found, "user_id")
    context = None if account_id is None else Context(group_id=account_id)
    return Call(
        type="track",
        event=event.type,
        message_id=event.event_id,
        user_id=event.userid,
        timestamp=event.time,
        context=context,
        properties=properties,
    )


def properties_of(event: CloudEvent) -> msgspec.Raw:
    """Return an event's data as JSON of an object. Errors: as `call_of`."""
    raw: bytes | msgspec.Raw = event.data
    if event.data_base64 is not None:
        try:
            text = base64.b64decode(event.data_base64, validate=True).decode()  # what is no UTF-8 spoils its line
            raw = msgspec.json.format(text.encode(), indent=-1)
        except (binascii.Error, *UNREADABLE) as error:
            raise msgspec.DecodeError(f"data: {error}") from None
    stripped = bytes(raw).strip()
    if stripped == NULL:
        return NOTHING
    if not stripped.startswith(b"{"):
        raise msgspec.ValidationError("Expected `object` - at `$.data`")
    return raw if isinstance(raw, msgspec.Raw) else msgspec.Raw(raw)


def _split(body: bytes, start: int) -> list[bytes]:
    try:
        return as_bytes(_MANY.decode(body))
    except UNREADABLE:
        cut = cut_array(body, start)
        if cut is None or body[cut[1] :].strip():
            raise
        return cut[0]


def _as_call(whole: dict[str, Any]) -> dict[str, Any]:
    data = whole.get("data")
    if data is None and isinstance(encoded := whole.get("data_base64"), str):
        data = msgspec.json.decode(base64.b64decode(encoded))
    return whole | {"properties": data}


def _id_in(data: dict[str, Any], field: str) -> Id | None:
    given = data.get(field)
    if not isinstance(given, str | int) or isinstance(given, bool):
        return None
    return given if 0 < len(str(given)) <= MAX_ID_CHARS else None
