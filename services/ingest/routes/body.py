"""A request's body and key: bounded while it is read, bounded while it is inflated.

Source: reliability (security 8).
"""

import asyncio
import base64
import binascii
import zlib
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from http import HTTPStatus
from typing import Any

from services.ingest.core.dialect import Route
from services.ingest.core.quota import ByteBudget
from services.ingest.refusal import Refusal
from services.ingest.settings import Settings

__all__ = ["Disconnected", "Headers", "admit", "check_type", "inflate", "read_body", "read_headers"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
GZIP_WINDOW = 31
MOST_MEMBERS = 100  # each costs a copy of all that is left, and clients send one
ALSO_JSON = frozenset({"", "text/plain"})  # browsers and curl's --data-binary without a header say so


class Disconnected(Exception):  # noqa: N818 - it is no error of anybody's making
    """The client went away before its body was there; nobody waits for an answer."""


class Headers:
    """What the routes read of a request's headers."""

    __slots__ = ("encoding", "length", "secret", "type")

    def __init__(self) -> None:
        self.type = ""
        self.encoding = ""
        self.length = 0
        self.secret: str | None = None


def read_headers(headers: list[tuple[bytes, bytes]]) -> Headers:
    """Return what we need of the headers. Errors: `Refusal` 401 for an Authorization that cannot be read."""
    found = Headers()
    for name, value in headers:
        if name == b"content-type":
            found.type = value.split(b";", 1)[0].strip().lower().decode("latin-1")
        elif name == b"content-encoding":
            found.encoding = value.strip().lower().decode("latin-1")
        elif name == b"content-length":
            found.length = int(value) if value.isdigit() else 0
        elif name == b"authorization":
            found.secret = _secret(value)
    return found


def check_type(headers: Headers, route: Route) -> None:
    """Refuse what is no JSON. Errors: `Refusal` 415."""
    if headers.type not in route.media_types and headers.type not in ALSO_JSON:
        message = f"Content-Type must be {' or '.join(route.media_types)}, got {headers.type[:80]}"
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_type", message)
    if headers.encoding not in {"", "identity", "gzip", "x-gzip"}:
        message = f"Content-Encoding must be gzip or none, got {headers.encoding[:80]}"
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message)


async def read_body(receive: Receive, headers: Headers, settings: Settings, budget: ByteBudget) -> bytes:
    """Return the whole body, inflated; its bytes are reserved in the budget, and the caller gives them back.

    Errors: `Refusal` 400, 408, 413 or 503 with nothing left reserved; `Disconnected`.
    """
    if headers.length > settings.body_max_bytes:
        raise too_large(settings.body_max_bytes)
    first = _Begun(receive())
    message = first.message
    if message is not None and not message.get("more_body") and message["type"] == "http.request":
        body: bytes = message["body"]
        return admit(body, headers, settings, budget)
    return _inflated(await _receive_in_time(receive, first, settings, budget), headers, settings, budget)


def admit(body: bytes, headers: Headers, settings: Settings, budget: ByteBudget) -> bytes:
    """Return a body that is all there, inflated; its bytes are reserved in the budget, and the caller gives them back.

    Errors: `Refusal` 400, 413 or 503 with nothing left reserved.
    """
    if len(body) > settings.body_max_bytes:
        raise too_large(settings.body_max_bytes)
    _reserve(len(body), settings, budget)
    return _inflated(body, headers, settings, budget)


def _inflated(body: bytes, headers: Headers, settings: Settings, budget: ByteBudget) -> bytes:
    if "gzip" not in headers.encoding:
        return body
    try:
        inflated = inflate(body, settings.inflated_max_bytes)
        _reserve(len(inflated), settings, budget)
    finally:
        budget.give(len(body))
    return inflated


def inflate(body: bytes, limit: int) -> bytes:
    """Return what gzip made small, never more than `limit` bytes of it. Errors: `Refusal` 400 or 413."""
    parts: list[bytes] = []
    room = limit
    rest = body
    try:
        while rest:
            if len(parts) == MOST_MEMBERS:
                text = f"gzip data must have at most {MOST_MEMBERS} members: compress the body in one go"
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", text)
            member = zlib.decompressobj(GZIP_WINDOW)
            part = member.decompress(rest, room + 1)
            room -= len(part)
            if room < 0:
                raise too_large(limit, "inflated ")
            if not member.eof:
                raise Refusal(HTTPStatus.BAD_REQUEST, "unreadable", "the body's gzip data ends too early")
            parts.append(part)
            rest = member.unused_data
    except zlib.error as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "unreadable", f"the body is no gzip data: {error}") from None
    return b"".join(parts)


def too_large(limit: int, what: str = "") -> Refusal:
    """Return the refusal of a body above a limit."""
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"the {what}body must be at most {limit} bytes: send less at once",
    )


class _Begun:
    """The first message, asked for at once: mostly it is there with the headers, and a timer would cost more than it.

    Shape: `message` is None when it is not there yet; awaiting goes on where the asking had to wait.
    """

    __slots__ = ("_asked", "_waits_for", "message")

    def __init__(self, asked: Awaitable[Message]) -> None:
        self.message: Message | None = None
        self._asked = asked.__await__()
        self._waits_for: Any = None
        try:
            self._waits_for = next(self._asked)
        except StopIteration as ended:
            self.message = ended.value

    def __await__(self) -> Generator[Any, Any, Message]:
        if self.message is not None:
            return self.message
        try:
            yield self._waits_for
        except BaseException as error:
            self._asked.throw(error)
            raise
        return (yield from self._asked)


async def _receive_in_time(receive: Receive, first: _Begun, settings: Settings, budget: ByteBudget) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_seconds):
            message = await first
            _append(body, message, settings, budget)
            while message.get("more_body"):
                message = await receive()
                _append(body, message, settings, budget)
    except TimeoutError:
        budget.give(len(body))
        text = f"the body did not arrive within {settings.body_seconds:g} s"
        raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "timeout", text) from None
    except BaseException:
        budget.give(len(body))
        raise
    return bytes(body)


def _append(body: bytearray, message: Message, settings: Settings, budget: ByteBudget) -> None:
    if message["type"] == "http.disconnect":
        raise Disconnected
    part = message.get("body", b"")
    if len(body) + len(part) > settings.body_max_bytes:
        raise too_large(settings.body_max_bytes)
    _reserve(len(part), settings, budget)
    body += part


def _reserve(size: int, settings: Settings, budget: ByteBudget) -> None:
    if not budget.take(size):
        text = "too much is under way: try again"
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", text, settings.retry_after_seconds)


def _secret(value: bytes) -> str | None:
    scheme, _, rest = value.partition(b" ")
    rest = rest.strip()
    if scheme.lower() == b"bearer":
        return rest.decode("latin-1") or None
    if scheme.lower() != b"basic":
        raise _unauthorized("Authorization must be Basic or Bearer")
    try:
        user = base64.b64decode(rest, validate=True).partition(b":")[0].decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _unauthorized("the Basic credentials are not base64 of text") from None
    return user or None


def _unauthorized(why: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, "unauthorized", why)
