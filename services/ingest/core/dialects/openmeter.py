"""OpenMeter's events: CloudEvents whose subject is the account, and which by default are usage.

A type that the tracking plan names means what its row says; one of our own types passes through. Any other is usage of
the metric of that name: its quantity is `value` of the data, else `quantity`, else 1, because a meter that counts
events has no value. A meter over another property wants a row. Source: OpenMeter's HTTP API, playbook section 2.
"""

from typing import Any

import msgspec

from services.ingest.core.calls import Call, take_call, users_of_call
from services.ingest.core.cloud_events import BATCHED, STRUCTURED, CloudEvent, call_of, read_cloud_events, take_each
from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.intake import Intake, Rejected
from services.ingest.core.reading import Reading
from services.ingest.core.replies import BAD_REQUEST, NO_CONTENT, Answer, Reply
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.envelope import MAX_ID_CHARS

USAGE = "usage.recorded"
VALUES = ("value", "quantity")
EXAMPLE = {
    "specversion": "1.0",
    "id": "42",
    "source": "api-gateway",
    "type": "api_calls",
    "time": "2026-01-31T12:00:00Z",
    "subject": "acme",
    "data": {"value": 3},
}


class Refused(msgspec.Struct):
    """The answer when events were rejected: OpenMeter's problem, with our list. The others are taken."""

    code: str
    message: str
    type: str
    title: str
    status: int
    detail: str
    instance: str
    accepted: int
    duplicates: int
    rejected: list[Rejected]


def read(body: bytes, _route: Route) -> Reading:
    """Read one event or an array of them. Errors: `msgspec.DecodeError`, `ValueError` when nothing can be read."""
    return read_cloud_events(body)


def normalise(reading: Reading, intake: Intake) -> None:
    """Hand each event to the intake, as usage unless the plan says otherwise."""
    take_each(reading, intake, _take)


def answer(reply: Reply, _route: Route) -> Answer:
    """Answer as OpenMeter does: nothing when all was taken, else 400 with what was not."""
    if not reply.rejected:
        return Answer(NO_CONTENT, b"")
    count = len(reply.rejected)
    message = f"{count} of {count + reply.accepted} events were rejected; the others are taken: do not send them again"
    said = Refused(
        code="rejected",
        message=message,
        type="about:blank",
        title="Bad Request",
        status=BAD_REQUEST,
        detail=message,
        instance="about:blank",
        accepted=reply.accepted,
        duplicates=reply.duplicates,
        rejected=reply.rejected,
    )
    return Answer(BAD_REQUEST, msgspec.json.encode(said))


def _take(index: int, event: CloudEvent, reading: Reading, intake: Intake) -> Problem | None:
    if not event.subject:
        return Problem(Reason.MISSING_FIELD, "subject", "subject is required: it names the account")
    if len(event.subject) > MAX_ID_CHARS:
        return Problem(Reason.OUT_OF_RANGE, "subject", f"subject must be at most {MAX_ID_CHARS} characters")
    call = call_of(event, event.subject)
    meaning = intake.world.tracking.meaning_of(event.type)
    if meaning is not None and meaning.unmapped:
        _take_usage(index, event, call, intake)
    else:
        take_call(index, call, reading, intake)
    return None


def _take_usage(index: int, event: CloudEvent, call: Call, intake: Intake) -> None:
    data: dict[str, Any] = msgspec.json.decode(call.properties)
    quantity = next((data[name] for name in VALUES if data.get(name) is not None), None)
    if quantity is None:
        quantity = 1
        if data:  # it may hold what the meter is over, so somebody should look at it
            intake.world.unmapped.note(intake.source, event.type, event.event_id, call.properties, intake.received_at)
            intake.unmapped += 1
    properties = msgspec.json.encode({"metric": event.type, "quantity": quantity})
    intake.take(index, USAGE, event.event_id, event.subject, users_of_call(call), event.time, properties)


ROW = Dialect(
    name="openmeter",
    what="OpenMeter's event API: CloudEvents whose subject is the account; usage, unless the tracking plan says else.",
    routes=(
        Route("/api/v1/events", "Take usage events", EXAMPLE, media_types=(STRUCTURED, BATCHED, "application/json")),
    ),
    read=read,
    normalise=normalise,
    answer=answer,
    answers=(
        ("204", "Taken: every event is in the log", None),
        ("400", "Events were rejected, and the others taken", Refused),
    ),
)
