"""CloudEvents at `/v1/events`: structured, batched, and binary with the attributes in `ce-*` headers.

The type is an event name of the tracking plan; the id is source and id together. The account is the extension
attribute `accountid`, else `account_id` in the data, else what a path of the plan finds, else that of the user. The
subject is what an event is about, a file or a person as often as an account, and no account unless the plan's
`account_paths` name it. Source: CloudEvents 1.0 (HTTP binding), playbook section 2.
"""

from services.ingest.core.calls import take_call
from services.ingest.core.cloud_events import (
    BATCHED,
    STRUCTURED,
    CloudEvent,
    as_structured,
    call_of,
    read_cloud_events,
    take_each,
)
from services.ingest.core.dialect import Dialect, HeaderList, Route
from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading

EXAMPLE = {
    "specversion": "1.0",
    "id": "42",
    "source": "/exports",
    "type": "Report Exported",
    "time": "2026-01-31T12:00:00Z",
    "accountid": "acme",
    "userid": "ada",
    "data": {"format": "pdf"},
}
MODES = (STRUCTURED, BATCHED)
JSON = "application/json"  # of the data, in binary mode


def claims(media_type: str, headers: HeaderList) -> bool:
    """Say whether a request is a CloudEvent: by its type, or by a header `ce-specversion`."""
    return media_type in MODES or any(name == b"ce-specversion" for name, _ in headers)


def unwrap(media_type: str, headers: HeaderList, body: bytes) -> bytes:
    """Return the body in structured mode, whatever the mode it came in."""
    return body if media_type in MODES else as_structured(media_type, headers, body)


def read(body: bytes, _route: Route) -> Reading:
    """Read one event or an array of them. Errors: `msgspec.DecodeError`, `ValueError` when nothing can be read."""
    return read_cloud_events(body)


def normalise(reading: Reading, intake: Intake) -> None:
    """Hand each event to the intake, as the `track` call that it is."""
    take_each(reading, intake, _take)


def _take(index: int, event: CloudEvent, reading: Reading, intake: Intake) -> None:
    take_call(index, call_of(event, event.accountid), reading, intake)


ROW = Dialect(
    name="cloudevents",
    what="CloudEvents 1.0 over HTTP: structured, batched, and binary, in which the attributes are `ce-` headers.",
    routes=(Route("/v1/events", "Take CloudEvents", EXAMPLE, media_types=(*MODES, JSON)),),
    read=read,
    normalise=normalise,
    claims=claims,
    unwrap=unwrap,
)
