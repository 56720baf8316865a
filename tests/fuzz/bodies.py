"""How a body goes wrong: its JSON is changed part by part, then its text byte by byte, then its compression.

Shape: a `Case` is a request in the making; `items` is how many events a plain reader sees in it, None when the text
was broken and only we can say.
"""

import gzip
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec
from hypothesis import strategies as st

from services.ingest.core.dialect import Dialect, Route

__all__ = ["Case", "cases"]

DEEP = 40
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1.5, -0.0, 1e308, 2**53 + 1, 2**70, 10**15, float("nan"), float("inf")),
    *("", " ", "-5", "1e999", "NaN", "x" * 257, "y" * 12_000, "\ud800", "\x00", "é\u2028"),
    *([], {}, [[]], {"": {}}, [None] * 40, {"$groups": {"company": {}}}, {"$ref": "#"}),
    *("control.tick", "user.erased", "usage.recorded", "missing required field", "Expected `int` - at `$.id`"),
    *("2026-01-31T12:00:00+14:00", "2026-01-31", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00-23:59"),
)
ODD_BYTES = (
    *(b"\xff", b"\\q", b"\x00", b'"', b"]", b"}", b"[", b"{", b",", b"\n", b"\r\n"),
    *(b"NaN", b"\\ud800", b"\xef\xbb\xbf", b"1e999"),
)
EVENT_NAMES = ("Report Exported", "API Called", "Song Played", "usage.recorded", "account.updated", "session.started")
PROPERTIES = st.dictionaries(
    st.sampled_from(
        ["metric", "quantity", "calls", "feature", "score", "seats", "status", "value", "account_id", "$set", "alias"]
    ),
    st.sampled_from(ODD_VALUES) | st.integers() | st.text(max_size=8),
    max_size=4,
)


class Case(msgspec.Struct):
    """One request of one dialect."""

    dialect: Dialect
    route: Route
    body: bytes
    headers: list[tuple[bytes, bytes]]
    items: int | None

    def __repr__(self) -> str:
        return f"{self.dialect.name} {self.route.path} {self.body!r} {self.headers} {self.items}"


def _parts(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a JSON value as its container and key."""
    found: list[tuple[Any, Any]] = []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        found.append((value, key))
        found.extend(_parts(part))
    return found


def _nested(value: Any) -> Any:
    for _ in range(DEEP):
        value = [value]
    return value


CHANGES: tuple[Callable[[Any, Any, Any], None], ...] = (
    lambda where, key, odd: where.__setitem__(key, odd),
    lambda where, key, _odd: where.__delitem__(key),
    lambda where, key, _odd: where.__setitem__(key, _nested(where[key])),
    lambda where, key, _odd: where.__setitem__(key, {"nested": where[key]}),
    lambda where, key, _odd: where.__setitem__(key, [where[key], where[key]]),
    lambda where, key, _odd: where.__setitem__(key, str(where[key])),
    lambda where, key, odd: (
        where.append(odd) if isinstance(where, list) else where.__setitem__(str(odd)[:30], where[key])
    ),
)


@st.composite
def _events(draw: st.DrawFn, route: Route) -> list[Any]:
    """Some events of a route's kind, each like its example with another name, id and properties."""
    example = route.example["batch"][0] if "batch" in route.example else route.example
    found: list[Any] = []
    for number in range(draw(st.integers(1, 4))):
        event = json.loads(json.dumps(example))
        for name in ("event", "type"):
            if event.get(name) in {*EVENT_NAMES, "api_calls"}:
                event[name] = draw(st.sampled_from(EVENT_NAMES))
        for name in ("id", "messageId", "uuid"):
            if name in event:
                event[name] = f"{name}-{number}"
        for name in ("properties", "data", "traits"):
            if isinstance(event.get(name), dict):
                event[name] |= draw(PROPERTIES)
        found.append(event)
    return found


def _count(body: Any, route: Route) -> int | None:
    """Return how many events a plain reader sees in what was parsed."""
    if route.kind not in {None, "results"}:
        return 1 if isinstance(body, dict) else None
    if "batch" in route.example:
        batch = body.get("batch") if isinstance(body, dict) else None
        return len(batch) if isinstance(batch, list) else None
    return len(body) if isinstance(body, list) else 1


@st.composite
def cases(draw: st.DrawFn, dialect: Dialect) -> Case:
    """Requests of one dialect: most of them nearly right."""
    route = draw(st.sampled_from(dialect.routes))
    events = draw(_events(route))
    single = route.kind not in {None, "results"} or ("batch" not in route.example and draw(st.booleans()))
    body: Any = events[0] if single else route.example | {"batch": events} if "batch" in route.example else events
    body = deepcopy(body)
    for _ in range(draw(st.integers(0, 3))):
        if parts := _parts(body):
            where, key = parts[draw(st.integers(0, len(parts) - 1))]
            draw(st.sampled_from(CHANGES))(where, key, deepcopy(draw(st.sampled_from(ODD_VALUES))))
    lines = dialect.name == "native" and isinstance(body, list) and bool(body) and draw(st.booleans())
    if lines:
        text = "\n".join(json.dumps(event) for event in body).encode()
    else:
        text = json.dumps(body, indent=draw(st.sampled_from([None, 1])), ensure_ascii=draw(st.booleans())).encode(
            errors="surrogatepass"
        )
    items = None if lines and isinstance(body[0], list) else _count(body, route)  # such a first line is the array
    if draw(st.integers(0, 3)) == 0:
        text, items = draw(_broken(text)), None
    media_type = draw(st.sampled_from(route.media_types)).encode()
    return Case(dialect, route, text, [(b"content-type", media_type), *draw(_attributes(dialect))], items)


@st.composite
def _broken(draw: st.DrawFn, text: bytes) -> bytes:
    """A text with something cut out of it, put into it or said twice."""
    for _ in range(draw(st.integers(1, 3))):
        at, to = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        how = draw(st.integers(0, 3))
        odd = draw(st.sampled_from(ODD_BYTES))
        text = (text[:at], text[:at] + odd + text[at:], text[:at] + text[to:], text[:to] + text[at:])[how]
    return text


@st.composite
def _attributes(draw: st.DrawFn, dialect: Dialect) -> list[tuple[bytes, bytes]]:
    """Headers of CloudEvents' binary mode, now and then, not all of them as they should be."""
    if dialect.name != "cloudevents" or draw(st.booleans()):
        return []
    names = st.sampled_from([b"id", b"source", b"type", b"time", b"accountid", b"userid", b"data", b"", b"x"])
    values = st.sampled_from(
        [b"1", b"", b"%FF", b"Report%20Exported", b"usage.recorded", b"\xff", b"2026-01-31", b"x" * 300]
    )
    return [(b"ce-specversion", b"1.0")] + [
        (b"ce-" + draw(names), draw(values)) for _ in range(draw(st.integers(0, 6)))
    ]


def compressed(body: bytes, how: int) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return a body as it travels and its header: plain, with gzip, with half of it, or plain and called gzip."""
    header = [(b"content-encoding", b"gzip")]
    small = gzip.compress(body, 1)
    return ((body, []), (small, header), (small[: len(small) // 2], header), (body, header))[how]
