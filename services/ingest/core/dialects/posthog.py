"""PostHog's capture API, as its server SDKs speak it: batches, single events, AI events and the newer `/i/v1/` form.

Source: PostHog's capture API and published SDKs, playbook section 2.
"""

import msgspec

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.envelopes import read_envelope, time_in
from services.ingest.core.intake import Intake
from services.ingest.core.posthog import PosthogEvent, take_event
from services.ingest.core.reading import Reading, Unread, id_in, read_each
from services.ingest.core.replies import OK, Answer, Reply

RESULTS = "results"
SINGLE = "single"
EXAMPLE = {
    "event": "Report Exported",
    "distinct_id": "ada",
    "uuid": "0192d5a8-7f3b-7c11-8f3e-2d1c6a5b4e90",
    "timestamp": "2026-01-31T12:00:00Z",
    "properties": {"$groups": {"company": "acme"}, "format": "pdf"},
}


class Envelope(msgspec.Struct, gc=False):
    """A batch of which some events may be anything. Shape: `historical_migration` says that its times are a file's."""

    batch: list[msgspec.Raw]
    sent_at: msgspec.Raw = msgspec.Raw(b"null")
    api_key: str | None = None
    token: str | None = None
    historical_migration: bool | None = None


class Single(msgspec.Struct, gc=False):
    """What a body with one event says of itself."""

    sent_at: msgspec.Raw = msgspec.Raw(b"null")
    api_key: str | None = None
    token: str | None = None
    historical_migration: bool | None = None


class Verdict(msgspec.Struct):
    """What became of one event: `drop` for good, and never `retry`, because what is rejected stays so."""

    result: str
    details: str


class Results(msgspec.Struct):
    """The answer of the `/i/v1/` form: the events that were rejected, by their uuid; all others were taken."""

    results: dict[str, Verdict]


_ENVELOPE = msgspec.json.Decoder(Envelope)
_SINGLE = msgspec.json.Decoder(Single)
_EVENT = msgspec.json.Decoder(PosthogEvent)


def read(body: bytes, route: Route) -> Reading:
    """Read a batch, or the one event of a single path. Errors: `msgspec.DecodeError`, `ValueError`."""
    if route.kind == SINGLE:
        found: Single | Envelope = _SINGLE.decode(body)
        raws = [body]
    else:
        found, raws = read_envelope(body, _ENVELOPE)
    sent_at = None if found.historical_migration else time_in(found.sent_at)
    key = found.api_key or found.token
    return Reading(read_each(raws, _EVENT.decode), lambda: raws, key, sent_at, single=route.kind == SINGLE)


def normalise(reading: Reading, intake: Intake) -> None:
    """Hand each event to the intake."""
    for index, event in enumerate(reading.items):
        if type(event) is Unread:
            intake.reject(index, id_in(event.raw, "uuid"), event.problem, event.raw)
        else:
            take_event(index, event, reading, intake)


def answer(reply: Reply, route: Route) -> Answer:
    """Answer the `/i/v1/` form event by event, and all others as we always do."""
    if route.kind != RESULTS:
        return Answer(OK, msgspec.json.encode(reply))
    dropped = {
        rejected.id or str(rejected.index): Verdict("drop", f"{rejected.code}: {rejected.message}")
        for rejected in reply.rejected
    }
    return Answer(OK, msgspec.json.encode(Results(dropped)))


_BATCH = {"api_key": "upw_...", "batch": [EXAMPLE], "sent_at": "2026-01-31T12:00:01Z", "historical_migration": False}
ROW = Dialect(
    name="posthog",
    what="PostHog's capture API: the events of its server SDKs, whose account is a group of `$groups`.",
    routes=(
        Route("/batch/", "Take a batch of events", _BATCH, also=("/batch",)),
        Route("/i/v0/ai/batch/", "Take a batch of AI events", _BATCH, also=("/i/v0/ai/batch",)),
        Route(
            "/i/v1/analytics/events",
            "Take a batch of events, answered event by event",
            {"created_at": "2026-01-31T12:00:01Z", "batch": [EXAMPLE | {"options": {}}]},
            RESULTS,
        ),
        Route("/capture/", "Take one event", {"api_key": "upw_..."} | EXAMPLE, SINGLE, also=("/capture",)),
        Route("/i/v0/e/", "Take one event", {"api_key": "upw_..."} | EXAMPLE, SINGLE, also=("/i/v0/e",)),
    ),
    read=read,
    normalise=normalise,
    answer=answer,
    answers=(
        ("200", "Taken: every event is in the log, or listed under `rejected`", Reply),
        ("200", "at `/i/v1/`, listed under `results` by its uuid", Results),
    ),
)
