"""Segment's HTTP API, as its own and compatible SDKs speak it: batches and single calls.

Source: Segment's HTTP API, playbook section 2.
"""

import msgspec

from services.ingest.core.calls import Call, Time
from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.envelopes import read_envelope, time_in
from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading, as_bytes, is_text, read_each
from services.ingest.core.tight import take_calls
from services.ingest.core.validate import UNREADABLE

EXAMPLE = {
    "type": "track",
    "event": "Report Exported",
    "messageId": "m-1",
    "userId": "ada",
    "context": {"groupId": "acme"},
    "timestamp": "2026-01-31T12:00:00Z",
    "properties": {},
}


class Batch(msgspec.Struct, rename="camel", gc=False):
    """A batch whose calls are all as they should be."""

    batch: list[Call]
    sent_at: Time | None = None
    write_key: str | None = None


class LooseBatch(msgspec.Struct, rename="camel", gc=False):
    """A batch of which some calls may be anything."""

    batch: list[msgspec.Raw]
    sent_at: msgspec.Raw = msgspec.Raw(b"null")
    write_key: str | None = None


class Single(msgspec.Struct, rename="camel", gc=False):
    """What a body with one call says of itself."""

    sent_at: msgspec.Raw = msgspec.Raw(b"null")
    write_key: str | None = None


_BATCH = msgspec.json.Decoder(Batch)
_LOOSE = msgspec.json.Decoder(LooseBatch)
_SINGLE = msgspec.json.Decoder(Single)
_CALL = msgspec.json.Decoder(Call)


def read(body: bytes, route: Route) -> Reading:
    """Read a batch, or the one call whose kind the path names. Errors: `msgspec.DecodeError`, `ValueError`."""
    return _read_batch(body) if route.kind is None else _read_single(body, route.kind)


def normalise(reading: Reading, intake: Intake) -> None:
    """Hand each call to the intake."""
    take_calls(reading, intake)


def _read_batch(body: bytes) -> Reading:
    if is_text(body):
        try:
            found = _BATCH.decode(body)
        except UNREADABLE:  # one of the calls, or all of it: the loose reading tells
            pass
        else:
            return Reading(found.batch, lambda: as_bytes(_LOOSE.decode(body).batch), found.write_key, found.sent_at)
    loose, raws = read_envelope(body, _LOOSE)
    return Reading(read_each(raws, _CALL.decode), lambda: raws, loose.write_key, time_in(loose.sent_at))


def _read_single(body: bytes, kind: str) -> Reading:
    found = _SINGLE.decode(body)
    items = read_each([body], _CALL.decode)
    if isinstance(items[0], Call):
        items[0].type = kind
    return Reading(items, lambda: [body], found.write_key, time_in(found.sent_at), single=True)


ROW = Dialect(
    name="segment",
    what="Segment's HTTP API, and SDKs compatible with it.",
    routes=(
        Route("/v1/batch", "Take a batch of calls", {"batch": [EXAMPLE], "sentAt": "2026-01-31T12:00:01Z"}),
        Route("/v1/import", "Take a batch of calls of the past", {"batch": [EXAMPLE]}),
        Route("/v1/track", "A user did something", EXAMPLE, "track"),
        Route("/v1/identify", "A user has traits", {"userId": "ada", "traits": {"department": "Finance"}}, "identify"),
        Route("/v1/group", "A user belongs to an account", {"userId": "ada", "groupId": "acme", "traits": {}}, "group"),
        Route("/v1/page", "A user looked at a page", {"userId": "ada", "context": {"groupId": "acme"}}, "page"),
        Route("/v1/screen", "A user looked at a screen", {"userId": "ada", "context": {"groupId": "acme"}}, "screen"),
        Route("/v1/alias", "A visitor turned out to be a user", {"previousId": "v-1", "userId": "ada"}, "alias"),
    ),
    read=read,
    normalise=normalise,
)
