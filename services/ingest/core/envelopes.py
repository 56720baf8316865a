"""What the envelopes of Segment's and PostHog's batches have in common: an object with a list of items in it."""

from typing import Protocol, TypeVar

import msgspec

from services.ingest.core.calls import Time
from services.ingest.core.cutting import cut_field
from services.ingest.core.reading import as_bytes
from services.ingest.core.validate import UNREADABLE


class HasBatch(Protocol):
    """An envelope whose items were not looked into."""

    batch: list[msgspec.Raw]


Envelope = TypeVar("Envelope", bound=HasBatch)
_TIME: msgspec.json.Decoder[str | int | None] = msgspec.json.Decoder(Time | None)


def read_envelope(body: bytes, decoder: msgspec.json.Decoder[Envelope]) -> tuple[Envelope, list[bytes]]:
    """Return an envelope and its items' bytes, some of which may be unreadable. Errors: `UNREADABLE`, when it is none.

    Shape: of a body that had to be cut into its items, the envelope's own batch is empty.
    """
    try:
        found = decoder.decode(body)
    except msgspec.ValidationError:  # JSON, but no batch
        raise
    except UNREADABLE:
        cut = cut_field(body, b"batch")
        if cut is None:
            raise
        raws, around = cut
        return decoder.decode(around), raws
    return found, as_bytes(found.batch)


def time_in(raw: msgspec.Raw) -> str | int | None:
    """Return what a field of an envelope says as a time, or None when it is no time."""
    try:
        return _TIME.decode(raw)
    except UNREADABLE:
        return None
