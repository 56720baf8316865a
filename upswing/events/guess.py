"""Which dialect a payload is written in, seen by what only that dialect has."""

from typing import Any

import msgspec

from services.ingest.core.calls import HANDLERS
from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import DIALECTS
from services.ingest.core.validate import UNREADABLE
from shared.kernel.errors import ConfigurationError
from shared.kernel.events import BY_NAME

__all__ = ["find_dialect"]

CALL_FIELDS = frozenset({"messageId", "userId", "anonymousId", "groupId", "previousId"})
KINDS = (("event", "track"), ("previousId", "alias"), ("groupId", "group"), ("traits", "identify"))


def find_dialect(body: bytes, named: str | None) -> tuple[Dialect, Route, str]:
    """Return the dialect of a body, the route that takes it, and how it was known.

    Errors: `ConfigurationError` when no dialect has the given name.
    """
    first, batched = _first(body)
    if named is None:
        named, why = _guess(first, batched)
    else:
        why = "as you said"
    dialect = next((each for each in DIALECTS if each.name == named), None)
    if dialect is None:
        names = ", ".join(each.name for each in DIALECTS)
        raise ConfigurationError(f"no dialect is called {named!r}: there are {names}")
    return dialect, _route(dialect, first, batched=batched), why


def _first(body: bytes) -> tuple[dict[str, Any], bool]:
    """Return the first object of a body, and whether it is a batch's envelope."""
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:
        try:
            found = msgspec.json.decode(body.strip().splitlines()[0])
        except (*UNREADABLE, IndexError):
            return {}, False
    if isinstance(found, list):
        found = found[0] if found else {}
    return (found, isinstance(found.get("batch"), list)) if isinstance(found, dict) else ({}, False)


def _guess(first: dict[str, Any], batched: bool) -> tuple[str, str]:
    inner = first["batch"][0] if batched and first["batch"] else {}
    posthog = "api_key" in first or any(isinstance(each, dict) and "distinct_id" in each for each in (first, inner))
    if "specversion" in first:
        return "cloudevents", "it has a specversion"
    if posthog:
        return "posthog", "it has an api_key or a distinct_id"
    if batched:
        return "segment", "it has a batch"
    if "account_id" in first or (first.get("type") in BY_NAME and "id" in first):
        return "native", "it has an account_id, or an id and one of our types"
    if first.get("type") in HANDLERS or not CALL_FIELDS.isdisjoint(first):
        return "segment", "it is a call of Segment's specification"
    return "native", "nothing in it says that it is another"


def _route(dialect: Dialect, first: dict[str, Any], *, batched: bool) -> Route:
    """Return the route for a batch, or the one for a single call of its kind."""
    singles = [route for route in dialect.routes if route.kind is not None]
    if batched or not singles:
        return dialect.routes[0]
    kind = first.get("type")
    if kind not in HANDLERS:
        kind = next((kind for field, kind in KINDS if field in first), "page")
    return next((route for route in singles if route.kind in {kind, "single"}), dialect.routes[0])
