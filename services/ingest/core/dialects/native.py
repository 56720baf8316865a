"""Our own events: one JSON object, an array of them, or one on each line.

Source: playbook section 2, design (contracts, ingest HTTP).
"""

import msgspec

from services.ingest.core.calls import NOTHING, NULL, Time
from services.ingest.core.cutting import cut_array, is_one_object
from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading, Unread, as_bytes, id_in, is_text, read_each
from services.ingest.core.tracking import CONTROL_PREFIX
from services.ingest.core.validate import PROPERTIES, UNREADABLE, problem_of
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.envelope import Name
from shared.kernel.unknown_types import no_such_type

EXAMPLE = {
    "id": "e-1",
    "type": "usage.recorded",
    "account_id": "acme",
    "user_id": "ada",
    "occurred_at": "2026-01-31T12:00:00Z",
    "properties": {"metric": "api_calls", "quantity": 3},
}


class NativeEvent(msgspec.Struct, gc=False):
    """One event as a client writes it; `source` and `received_at` are ours to say, so they are not read."""

    id: Name
    type: str
    account_id: Name | None = None
    user_id: Name | None = None
    occurred_at: Time | None = None
    properties: msgspec.Raw = NOTHING


_ONE = msgspec.json.Decoder(NativeEvent)
_MANY = msgspec.json.Decoder(list[NativeEvent])
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_RAW = msgspec.json.Decoder(msgspec.Raw)


def read(body: bytes, _route: Route) -> Reading:
    """Read an object, an array or lines. Errors: `msgspec.DecodeError`, `ValueError` when nothing can be read."""
    array = body.lstrip()[:1] == b"["
    if not body.strip():
        raise ValueError("it is empty")
    if is_text(body):
        try:
            items = _MANY.decode(body) if array else _ONE.decode_lines(body)
        except UNREADABLE:  # one of the events, or all of it: the reading of each tells
            pass
        else:
            return Reading(items, lambda: _split(body, array=array), single=not array and len(items) == 1)
    raws = _split(body, array=array)
    items = read_each(raws, _ONE.decode)
    single = not array and len(items) == 1
    if single and isinstance(items[0], Unread) and items[0].problem.reason is Reason.UNREADABLE:
        raise ValueError(items[0].problem.message)
    return Reading(items, lambda: raws, single=single)


def normalise(reading: Reading, intake: Intake) -> None:
    """Hand each event to the intake."""
    for index, event in enumerate(reading.items):
        if type(event) is Unread:
            intake.reject(index, id_in(event.raw, "id"), event.problem, event.raw)
        elif event.type in PROPERTIES:
            properties = event.properties
            if len(properties) == len(NULL) and bytes(properties) == NULL:
                properties = NOTHING
            users = (event.user_id, None)
            try:
                intake.take(index, event.type, event.id, event.account_id, users, event.occurred_at, properties)
            except UNREADABLE as error:  # reading the body passed over the properties without looking into them
                intake.reject(index, event.id, problem_of(error, within="properties"), reading.raw_at(index))
        else:
            intake.reject(index, event.id, _unknown(event.type), reading.raw_at(index))


def _split(body: bytes, *, array: bool) -> list[bytes]:
    if array:
        return _split_array(body)
    try:
        return [bytes(_RAW.decode(body))]  # one object, on however many lines
    except UNREADABLE:
        return [body] if is_one_object(body) else [line for line in body.splitlines() if line.strip()]


def _split_array(body: bytes) -> list[bytes]:
    try:
        return as_bytes(_RAWS.decode(body))
    except UNREADABLE:
        cut = cut_array(body, body.index(b"["))
        if cut is None or body[cut[1] :].strip():
            raise
        return cut[0]


def _unknown(name: str) -> Problem:
    if name.startswith(CONTROL_PREFIX):
        return Problem(Reason.UNKNOWN_TYPE, "type", "names that begin with control. belong to the log itself")
    return Problem(Reason.UNKNOWN_TYPE, "type", no_such_type(name))


ROW = Dialect(
    name="native",
    what="Upswing's own events: an object, an array, or newline-delimited objects.",
    routes=(Route("/v1/events", "Take events", EXAMPLE, media_types=("application/json", "application/x-ndjson")),),
    read=read,
    normalise=normalise,
)
