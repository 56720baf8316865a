"""A closed HTTP load in one process: connections that send a Segment batch as soon as the last one was answered.

Every event of every request has an id of its own. A pool of bodies is cut at the ids, so that a new body is one join.
`python -m tests.bench.http_load` writes what it counted as JSON; nothing but Python is needed.
"""

import asyncio
import secrets
import sys
import time
from random import Random
from typing import cast
from urllib.parse import urlsplit

import msgspec
import uvloop

from shared.kernel.clock import iso
from tests.bench.rows import percentile

__all__ = ["Counted", "Wanted"]

POOL = 16
SEED = 99
ACCOUNTS, USERS, FEATURES = 1_000, 50, 20
MARK = "@@"
GRACE_SECONDS = 10.0
HTTP_PORT = 80


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. Units: `batch` events a request, `seconds` for how long."""

    url: str
    write_key: str
    batch: int
    connections: int
    seconds: float


class Counted(msgspec.Struct, frozen=True):
    """What came back. Shape: `requests` were answered 200 with all events accepted, `errors` otherwise or never."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    first_error: str = ""


class Pool:
    """Requests as bytes, each with fresh ids."""

    def __init__(self, wanted: Wanted) -> None:
        rng = Random(SEED)  # noqa: S311 - made-up input, no secret
        self._bodies = [_body(wanted, rng).split(MARK.encode()) for _ in range(POOL)]
        self._tag = secrets.token_hex(4)
        self._number = 0
        parts = urlsplit(wanted.url)
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()

    def next(self) -> bytes:
        """Return the next request."""
        self._number += 1
        body = f"{self._tag}-{self._number}".encode().join(self._bodies[self._number % POOL])
        return b"%s%d\r\n\r\n%s" % (self._head, len(body), body)


def _body(wanted: Wanted, rng: Random) -> bytes:
    now = iso(time.time_ns() // 1_000_000)
    calls = [
        {
            "type": "track",
            "event": "feature.used",
            "messageId": f"m-{MARK}-{place}",
            "userId": f"u{rng.randrange(USERS)}",
            "timestamp": now,
            "context": {"groupId": f"acct-{rng.randrange(ACCOUNTS)}"},
            "properties": {"feature": f"f{rng.randrange(FEATURES)}", "quantity": rng.randint(1, 10)},
        }
        for place in range(wanted.batch)
    ]
    return msgspec.json.encode({"batch": calls, "sentAt": now, "writeKey": wanted.write_key})


class Connection(asyncio.Protocol):
    """One connection: one request under way at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._answer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take an answer, or a part of one; send the next request when it is whole."""
        answer = self._answer = self._answer + data
        end = answer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _content_length(answer[:end])
        if len(answer) < end + 4 + length:
            return
        self._answer = b""
        self._load.note(answer, time.perf_counter() - self._sent_at)
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        """Count a connection that the service closed."""
        self._load.lost(error)

    def _send(self) -> None:
        if self._load.over:
            self._load.closed(self._transport)
            return
        self._sent_at = time.perf_counter()
        assert self._transport
        self._transport.write(self._load.pool.next())


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without a length: {head[:200]!r}")


class Load:
    """All connections and what they counted."""

    def __init__(self, wanted: Wanted) -> None:
        self.pool = Pool(wanted)
        self.over = False
        self._wanted = wanted
        self._accepted = b'"accepted":%d' % wanted.batch
        self._taken: list[float] = []
        self._errors = 0
        self._first_error = ""
        self._open = wanted.connections
        self._all_closed = asyncio.Event()

    async def run(self) -> Counted:
        """Send for the time that is wanted. Errors: `OSError` when nobody listens."""
        loop, parts = asyncio.get_running_loop(), urlsplit(self._wanted.url)
        began = time.perf_counter()
        for _ in range(self._wanted.connections):
            await loop.create_connection(lambda: Connection(self), str(parts.hostname), int(parts.port or HTTP_PORT))
        await asyncio.sleep(self._wanted.seconds - (time.perf_counter() - began))
        self.over, seconds, taken = True, time.perf_counter() - began, len(self._taken)
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._all_closed.wait()
        except TimeoutError:
            self._error("some requests were never answered")
        return Counted(
            requests=taken,
            errors=self._errors,
            seconds=seconds,
            p50_ms=percentile(self._taken, 50) * 1000 if self._taken else 0.0,
            p99_ms=percentile(self._taken, 99) * 1000 if self._taken else 0.0,
            first_error=self._first_error,
        )

    def note(self, answer: bytes, seconds: float) -> None:
        """Count an answer."""
        if answer.startswith(b"HTTP/1.1 200") and self._accepted in answer:
            self._taken.append(seconds)
        else:
            self._error(answer[:300].decode(errors="replace"))

    def lost(self, error: Exception | None) -> None:
        """Count a connection that is no more."""
        if not self.over:
            self._error(f"a connection was closed: {error}")
        self._gone()

    def closed(self, transport: asyncio.Transport | None) -> None:
        """Close a connection that has nothing more to send."""
        if transport is not None:
            transport.close()

    def _gone(self) -> None:
        self._open -= 1
        if not self._open:
            self._all_closed.set()

    def _error(self, what: str) -> None:
        self._errors += 1
        self._first_error = self._first_error or what


def main() -> None:
    """Read what is wanted from standard input, send it, and write what was counted to standard output."""
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Wanted)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

    async def run() -> Counted:
        return await Load(wanted).run()

    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(run())))


if __name__ == "__main__":
    main()
