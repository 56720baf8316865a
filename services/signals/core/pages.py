r"""Pages: the bounded pieces in which an account's state lies in the store and in the changelog.

Every page is a msgpack array that begins `[schema version, [generation, offset], ...]`. The *stamp* (generation,
offset) says which record of the log was the last one folded in; a higher stamp is newer, so a late write of a paused
worker cannot undo newer state. The generation counts the logs that an operator has adopted; the meta page has the ids.

Keys are `<kind>\0<account>` and, where an account has many pages of a kind, `<kind>\0<account>\0<number>`.
Source: design (state; durability 2).
"""

from typing import Any

import msgspec

SCHEMA_VERSION = 1
META_KEY = b"m"
HEAD, DAYS, USERS, RECENT = b"h", b"d", b"u", b"r"
HEADS_PREFIX = HEAD + b"\0"

Stamp = tuple[int, int]
NO_STAMP: Stamp = (-1, -1)


class Stamped(msgspec.Struct, array_like=True):
    """The beginning that all pages share; decoding stops caring after it."""

    version: int
    stamp: Stamp


_ENCODER = msgspec.msgpack.Encoder()
_STAMP_DECODER = msgspec.msgpack.Decoder(Stamped)


def stamp_of(value: bytes) -> Stamp:
    """Return the stamp of a stored page; stamps compare as tuples, the greater is the newer."""
    return _STAMP_DECODER.decode(value).stamp


def page_key(kind: bytes, account_id: str, number: int | None = None) -> bytes:
    """Return the key of an account's page."""
    key = kind + b"\0" + account_id.encode()
    return key if number is None else key + b"\0%d" % number


def encode_page(page: msgspec.Struct) -> bytes:
    """Return a page as bytes."""
    return _ENCODER.encode(page)


def page_decoder(shape: type[Any]) -> msgspec.msgpack.Decoder[Any]:
    """Return the decoder of one kind of page."""
    return msgspec.msgpack.Decoder(shape)
