"""One call of a client's SDK, as data: what the demo's company and files of the past are turned into."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Method = Literal["track", "group", "identify", "page"]


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call. Units: `at_ms` is an instant in milliseconds.

    Shape: `name` is a track's event name; `properties` are traits for `group` and `identify`; without
    `user_id` the call is made for an anonymous visitor.
    """

    at_ms: int
    method: Method
    account_id: str
    message_id: str
    name: str = ""
    user_id: str | None = None
    properties: Mapping[str, Any] = {}


def in_order(calls: list[Call]) -> list[Call]:
    """Return calls by their time; those of the same instant keep the order in which they were given."""
    return sorted(calls, key=lambda call: call.at_ms)
