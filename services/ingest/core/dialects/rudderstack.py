"""RudderStack's HTTP API: Segment's, at Segment's paths, and told apart only so that the metrics name it.

Its clients show the key as the Basic user name and never in the body, compress with gzip, put the traits of `identify`
into the context, and name a `channel` in each call, which Segment's do not. Source: RudderStack's HTTP API.
"""

from typing import Any

import msgspec

from services.ingest.core.calls import NOTHING, Call
from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import segment
from services.ingest.core.reading import Reading

EXAMPLE = segment.EXAMPLE | {"channel": "server"}


def recognises(reading: Reading) -> bool:
    """Say whether one of RudderStack's clients wrote a body that was read as Segment's."""
    if reading.write_key is not None or not reading.items:
        return False
    first = reading.items[0]
    return isinstance(first, Call) and first.channel is not NOTHING


def _example(route: Route) -> Any:
    return {"batch": [EXAMPLE]} if route.kind is None else route.example | {"channel": "server"}


ROW = Dialect(
    name="rudderstack",
    what="RudderStack's HTTP API and SDKs, at the paths of Segment's.",
    routes=tuple(msgspec.structs.replace(route, example=_example(route)) for route in segment.ROW.routes),
    read=segment.read,
    normalise=segment.normalise,
    recognises=recognises,
)
