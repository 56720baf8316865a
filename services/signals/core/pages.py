r"""Pages: the bounded pieces in which an account's state lies in the store and in the changelog.

Every page is an array that begins `[schema version, [generation, offset], ...]`. A release whose pages have more
fields, or mean something else, raises the version: an older program refuses them instead of dropping fields.
The *stamp* (generation, offset) says which record of the log was the last one folded in; a higher stamp is newer, so a
late write of a paused worker cannot undo newer state. The generation counts the logs that an operator has adopted; the
meta page has their ids.

Keys are `<kind>\0<account>` and, where an account has many pages of a kind, `<kind>\0<account>\0<number>`.
Source: design (state; durability 2).
"""

from typing import Generic, Protocol, TypeVar

import msgspec

from shared.kernel.errors import ConfigurationError

SCHEMA_VERSION = 2
META_KEY = b"m"
HEAD, DAYS, USERS, RECENT = b"h", b"d", b"u", b"r"
HEADS_PREFIX = HEAD + b"\0"

Stamp = tuple[int, int]
NO_STAMP: Stamp = (-1, -1)


class Versioned(Protocol):
    """Every page."""

    version: int


class Stamped(msgspec.Struct, array_like=True):
    """The beginning that all pages share; decoding stops caring after it."""

    version: int
    stamp: Stamp


Page = TypeVar("Page", bound="Versioned")
JSON_BEGINS = 0x5B  # "[": no array of msgpack begins so
_ENCODER = msgspec.msgpack.Encoder()
_WIDE_ENCODER = msgspec.json.Encoder()


class PageDecoder(Generic[Page]):
    """Reads one kind of page."""

    def __init__(self, shape: type[Page]) -> None:
        self._plain, self._wide = msgspec.msgpack.Decoder(shape), msgspec.json.Decoder(shape)

    def decode(self, value: bytes) -> Page:
        """Return the page in bytes. Errors: `msgspec.ValidationError`, `ConfigurationError` if it is too new."""
        page = self._wide.decode(value) if value[0] == JSON_BEGINS else self._plain.decode(value)
        if page.version > SCHEMA_VERSION:
            raise ConfigurationError(
                f"the stored state is of version {page.version}, and this program reads up to {SCHEMA_VERSION}: "
                "a newer Upswing has written it; run that one, or remove the changelog to fold the log anew"
            )
        return page


_STAMPS = PageDecoder(Stamped)


def stamp_of(value: bytes) -> Stamp:
    """Return the stamp of a stored page; stamps compare as tuples, the greater is the newer."""
    return _STAMPS.decode(value).stamp


def page_key(kind: bytes, account_id: str, number: int | None = None) -> bytes:
    """Return the key of an account's page."""
    key = kind + b"\0" + account_id.encode()
    return key if number is None else key + b"\0%d" % number


def encode_page(page: Versioned) -> bytes:
    """Return a page as bytes, of today's version: msgpack, or JSON when it holds an integer beyond 64 bits."""
    page.version = SCHEMA_VERSION
    try:
        return _ENCODER.encode(page)
    except OverflowError:
        return _WIDE_ENCODER.encode(page)
