"""The table of bad input in `docs/clients.md`, as requests: what is sent, and what must become of it."""

import gzip
from collections.abc import Callable
from typing import Any

import msgspec

from tests.support.dialects import Spoken

__all__ = ["BODIES", "EVENTS", "BadBody", "BadEvent"]


class BadEvent(msgspec.Struct, frozen=True):
    """One event among good ones.

    Shape: `name` is the row of the page; `make` returns it as bytes, from the dialect and its id; `reason` is why it is
    rejected, None when it is taken.
    """

    name: str
    make: Callable[[Spoken, str], bytes]
    reason: Callable[[Spoken], str | None]


class BadBody(msgspec.Struct, frozen=True):
    """One whole request. Shape: `make` returns body and headers; `reason` is that of its dead letter."""

    name: str
    make: Callable[[Spoken], tuple[bytes, dict[str, str]]]
    status: int
    code: str
    reason: str


def _always(reason: str | None) -> Callable[[Spoken], str | None]:
    return lambda _: reason


def _event(reason: str | None, at: Any = None, **properties: Any) -> tuple[Any, Any]:
    def make(spoken: Spoken, event_id: str) -> bytes:
        return msgspec.json.encode(spoken.write(event_id, "acme", at, **properties))

    return make, _always(reason)


def _changed(reason: str | None, **fields: Any) -> tuple[Any, Any]:
    def make(spoken: Spoken, event_id: str) -> bytes:
        names = {"id": spoken.id_field, "time": spoken.time_field, "properties": spoken.properties}
        return msgspec.json.encode(spoken.write(event_id, "acme") | {names[name]: fields[name] for name in fields})

    return make, _always(reason)


def _text(put: bytes, reason: str, field: str = "note") -> tuple[Any, Any]:
    """Put bytes where a property's value stands."""

    def make(spoken: Spoken, event_id: str) -> bytes:
        whole = msgspec.json.encode(spoken.write(event_id, "acme", None, **{field: 0}))
        return whole.replace(f'"{field}":0'.encode(), f'"{field}":'.encode() + put)

    return make, _always(reason)


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _without_account(spoken: Spoken, event_id: str) -> bytes:
    event = spoken.write(event_id, "")
    users = {"userId", "user_id", "userid", "distinct_id"} & event.keys()
    return msgspec.json.encode(event | dict.fromkeys(users, "nobody"))


def _without_id(spoken: Spoken, event_id: str) -> bytes:
    event = spoken.write(event_id, "acme")
    del event[spoken.id_field]
    return msgspec.json.encode(event)


def _if_no_account(spoken: Spoken) -> str:
    return "missing_field" if spoken.name == "openmeter" else "account_unknown"


def _if_no_id(spoken: Spoken) -> str | None:
    return None if spoken.made_up else "missing_field"


EVENTS = (
    BadEvent("no object", lambda _spoken, _id: b"7", _always("not_an_object")),
    BadEvent("no id", _without_id, _if_no_id),
    BadEvent("an id of more than 256 characters", *_changed("out_of_range", id="x" * 257)),
    BadEvent("no account", _without_account, _if_no_account),
    BadEvent("properties that are no object", *_changed("wrong_type", properties=[1])),
    BadEvent("a value of the wrong type", *_event("wrong_type", metric=5)),
    BadEvent("a negative number", *_event("out_of_range", quantity=-1)),
    BadEvent("NaN or Infinity", *_text(b"NaN", "unreadable")),
    BadEvent("a number that no double can hold", *_text(b"1e999", "wrong_type", "quantity")),
    BadEvent("an escape that is none, or half an emoji", *_text(b'"\\ud800"', "unreadable")),
    BadEvent("bytes that are not UTF-8", *_text(b'"\xff"', "unreadable")),
    BadEvent("properties above `UPSWING_INGEST_EVENT_MAX_BYTES`", *_event("too_large", note="x" * 20_000)),
    BadEvent("nested more than 32 levels deep", *_event("too_large", note=_nested(40))),
    BadEvent("nested beyond what a parser takes", *_text(b"[" * 3_000 + b"]" * 3_000, "too_large")),
    BadEvent("a time that is none", *_changed("out_of_range", time="yesterday")),
    BadEvent("a time before 1900 or after 2099", *_changed("out_of_range", time="1850-01-01")),
    BadEvent("a time in the future", *_changed(None, time="2099-01-01T00:00:00Z")),
    BadEvent("times of several zones", *_changed(None, time="2026-01-31T23:30:00+09:00")),
)


def _good(spoken: Spoken) -> bytes:
    return spoken.batch([msgspec.json.encode(spoken.write("whole", "acme"))])


def _sent(name: str, value: str) -> Callable[[Spoken], tuple[bytes, dict[str, str]]]:
    return lambda spoken: (_good(spoken), {name: value})


def _half(spoken: Spoken) -> tuple[bytes, dict[str, str]]:
    return gzip.compress(_good(spoken))[:-9], GZIP


GZIP = {"content-encoding": "gzip"}
MANY = [b"1"] * 50_001
LARGE, INFLATED = b" " * 200_001, gzip.compress(b" " * 400_001)
MEMBERS = gzip.compress(b"") * 101
BODIES = (
    BadBody("cut off", lambda spoken: (_good(spoken)[:-9], {}), 400, "unreadable", "unreadable"),
    BadBody("empty", lambda _: (b"", {}), 400, "unreadable", "unreadable"),
    BadBody("half of its gzip data", _half, 400, "unreadable", "unreadable"),
    BadBody("no gzip data, though called so", _sent("content-encoding", "gzip"), 400, "unreadable", "unreadable"),
    BadBody("another Content-Type", _sent("content-type", "text/csv"), 415, "unsupported_type", "wrong_type"),
    BadBody("another Content-Encoding", _sent("content-encoding", "br"), 415, "unsupported_encoding", "wrong_type"),
    BadBody("more than 50,000 events", lambda spoken: (spoken.batch(MANY), {}), 413, "too_large", "too_large"),
    BadBody("gzip data of more than 100 members", lambda _: (MEMBERS, GZIP), 413, "too_large", "too_large"),
    BadBody("above `UPSWING_INGEST_BODY_MAX_BYTES`", lambda _: (LARGE, {}), 413, "too_large", "too_large"),
    BadBody("above `UPSWING_INGEST_INFLATED_MAX_BYTES`", lambda _: (INFLATED, GZIP), 413, "too_large", "too_large"),
)
