"""The client dialects: one file and one row each, and which of them a request is in.

Source: design (contracts, ingest HTTP).
"""

from services.ingest.core.dialect import Dialect, HeaderList, Route
from services.ingest.core.dialects import cloudevents, native, openmeter, posthog, rudderstack, segment
from services.ingest.core.reading import Reading

Served = tuple[Dialect, Route]

DIALECTS: tuple[Dialect, ...] = (
    segment.ROW,
    rudderstack.ROW,
    posthog.ROW,
    native.ROW,
    cloudevents.ROW,
    openmeter.ROW,
)
_SPELLED: list[tuple[str, Served]] = [
    (path, (dialect, route)) for dialect in DIALECTS for route in dialect.routes for path in (route.path, *route.also)
]
ROUTES: dict[str, Served] = dict(reversed(_SPELLED))
CLAIMS: dict[str, Served] = {path: served for path, served in _SPELLED if served[0].claims and ROUTES[path] != served}
_GUESTS: dict[str, tuple[Dialect, ...]] = {
    host.name: tuple(guest for guest in DIALECTS if guest.recognises and guest.routes[0].path == host.routes[0].path)
    for host in DIALECTS
}


def serving(path: str, media_type: str, headers: HeaderList) -> Served:
    """Return the dialect that a request is in and its route. Shape: `path` is one of `ROUTES`."""
    claimant = CLAIMS.get(path)
    if claimant is not None and claimant[0].claims is not None and claimant[0].claims(media_type, headers):
        return claimant
    return ROUTES[path]


def spoken(dialect: Dialect, reading: Reading) -> str:
    """Return the name of the dialect that a body turned out to be written in."""
    for guest in _GUESTS[dialect.name]:
        if guest.recognises is not None and guest.recognises(reading):
            return guest.name
    return dialect.name
