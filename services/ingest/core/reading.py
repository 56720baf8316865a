"""From the bytes of a body to typed items: all at once when all are good, each by itself when one is not.

One bad item never sinks its neighbours; a body that is no such body at all raises.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from services.ingest.core.cutting import at_most
from services.ingest.core.validate import UNREADABLE, problem_of
from shared.kernel.errors import Problem
from shared.kernel.events.envelope import MAX_ID_CHARS


class Unread(msgspec.Struct, frozen=True):
    """An item of a body that could not be read, with its bytes and what is wrong with it."""

    raw: bytes
    problem: Problem


class Reading(msgspec.Struct):
    """A body as its dialect read it.

    Shape: `items` are the dialect's calls, or `Unread`; `write_key` and `sent_at` are what the body says of itself;
    `raw_items` gives the same items again as bytes, for the rare call of which more must be known; `as_call` brings
    what stands elsewhere in this dialect to where the paths of the tracking plan look for it. `single` says that the
    body was one item by itself, and no batch of one: when that cannot be read, nothing can.
    """

    items: list[Any]
    raw_items: Callable[[], list[bytes]]
    write_key: str | None = None
    sent_at: str | int | None = None
    single: bool = False
    as_call: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    raws: list[bytes] | None = None

    def __post_init__(self) -> None:
        """Hold the bound on items. Errors: `TooManyError`."""
        at_most(self.items)

    def raw_at(self, index: int) -> bytes:
        """Return the bytes of an item; the body is cut into items once, however many are asked for."""
        if self.raws is None:
            self.raws = self.raw_items()
        return self.raws[index]

    def call_at(self, index: int) -> dict[str, Any]:
        """Return an item with all its fields, laid out as the tracking plan's paths expect it."""
        whole: dict[str, Any] = msgspec.json.decode(self.raw_at(index))
        return whole if self.as_call is None else self.as_call(whole)


def is_text(body: bytes) -> bool:
    """Say whether bytes are UTF-8; the typed decoders do not look at what they pass over."""
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_each(raws: list[bytes], decode: Callable[[bytes], Any]) -> list[Any]:
    """Return each item as `decode` reads it, or `Unread` with its problem."""
    items: list[Any] = []
    for raw in at_most(raws):
        try:
            raw.decode()
            items.append(decode(raw))
        except UNREADABLE as error:
            items.append(Unread(raw, problem_of(error)))
    return items


def as_bytes(raws: list[msgspec.Raw]) -> list[bytes]:
    """Return copies of raw items, so that the body they lie in can go."""
    return [bytes(raw) for raw in at_most(raws)]


def id_in(raw: bytes, field: str) -> str | None:
    """Return the id of an item that could not be read, if it can be seen: its beginning, when it is too long for one.

    It goes into the reply and the dead letter, which must fit into a record.
    """
    try:
        found = msgspec.json.decode(raw)
    except UNREADABLE:
        return None
    given = found.get(field) if isinstance(found, dict) else None
    return given[:MAX_ID_CHARS] if isinstance(given, str) else None
