"""An HTTP load in one process that sends Segment batches over a number of connections.

Closed: each connection sends as soon as its last request was answered. Open (`rate`): so many requests a second are
appointed, a handful each millisecond, whether or not the answers keep up, and the time counts from the appointed
instant. `python -m tests.bench.http_load` writes what it counted as JSON; nothing but Python is needed.
"""

import asyncio
import sys
import time
from collections import deque
from typing import cast
from urllib.parse import urlsplit

import msgspec
import uvloop

from tests.bench.http_bodies import Pool
from tests.bench.rows import percentile

__all__ = ["Counted", "Wanted", "run_load"]

GRACE_SECONDS = 10.0
HTTP_PORT = 80
TICK_SECONDS = 0.001


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. Units: `batch` events a request, `seconds` for how long, `rate` requests a second, None if closed.

    Shape: with `name_them` the numbers of the requests that were taken are told.
    """

    url: str
    write_key: str
    batch: int
    connections: int
    seconds: float
    rate: float | None = None
    name_them: bool = False


class Counted(msgspec.Struct, frozen=True):
    """What came back. Shape: `requests` were answered 200 with all events accepted, `errors` otherwise or never.

    The events of request `n` have ids that begin with `m-<tag>-<n>-`; `taken` are the numbers of those answered 200.
    """

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    tag: str
    first_error: str = ""
    taken: list[int] = []


class Connection(asyncio.Protocol):
    """One connection: one request under way at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._answer = b""
        self._since = 0.0
        self._number = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to send."""
        self._transport = cast("asyncio.Transport", transport)
        self._load.free(self)

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
        self._load.note(answer, time.perf_counter() - self._since, self._number)
        self._load.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Count a connection that the service closed."""
        self._load.lost(error)

    def send(self, since: float) -> None:
        """Send a request whose time counts from an instant."""
        self._since = since
        assert self._transport
        self._transport.write(self._load.pool.next())
        self._number = self._load.pool.number

    def close(self) -> None:
        """Close, because there is nothing more to send."""
        assert self._transport
        self._transport.close()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without a length: {head[:200]!r}")


class Load:
    """All connections and what they counted."""

    def __init__(self, wanted: Wanted) -> None:
        self.pool = Pool(wanted.url, wanted.write_key, wanted.batch)
        self._over = False
        self._wanted = wanted
        self._accepted = b'"accepted":%d' % wanted.batch
        self._times: list[float] = []
        self._taken: list[int] = []
        self._errors = 0
        self._first_error = ""
        self._open = wanted.connections
        self._all_closed = asyncio.Event()
        self._idle: list[Connection] = []
        self._due: deque[float] = deque()

    async def run(self) -> Counted:
        """Send for the time that is wanted. Errors: `OSError` when nobody listens."""
        wanted = self._wanted
        loop, parts = asyncio.get_running_loop(), urlsplit(wanted.url)
        began = time.perf_counter()
        for _ in range(wanted.connections):
            await loop.create_connection(lambda: Connection(self), str(parts.hostname), int(parts.port or HTTP_PORT))
        if wanted.rate is None:
            await asyncio.sleep(wanted.seconds - (time.perf_counter() - began))
        else:
            await self._appoint(wanted.rate, began + wanted.seconds)
        self._over, seconds, answered = True, time.perf_counter() - began, len(self._times)
        for connection in self._idle:
            connection.close()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._all_closed.wait()
        except TimeoutError:
            self._error("some requests were never answered")
        return Counted(
            requests=answered,
            errors=self._errors,
            seconds=seconds,
            p50_ms=percentile(self._times, 50) * 1000 if self._times else 0.0,
            p99_ms=percentile(self._times, 99) * 1000 if self._times else 0.0,
            tag=self.pool.tag,
            first_error=self._first_error,
            taken=self._taken if wanted.name_them else [],
        )

    async def _appoint(self, rate: float, until: float) -> None:
        began, appointed = time.perf_counter(), 0
        while (now := time.perf_counter()) < until:
            for number in range(appointed, int((now - began) * rate)):
                self._due.append(began + number / rate)
                appointed = number + 1
            while self._due and self._idle:
                self._idle.pop().send(self._due.popleft())
            await asyncio.sleep(TICK_SECONDS)

    def free(self, connection: Connection) -> None:
        """Give a connection that is free the next request, if one is due."""
        if self._over:
            connection.close()
        elif self._wanted.rate is None:
            connection.send(time.perf_counter())
        elif self._due:
            connection.send(self._due.popleft())
        else:
            self._idle.append(connection)

    def note(self, answer: bytes, seconds: float, number: int) -> None:
        """Count an answer."""
        if answer.startswith(b"HTTP/1.1 200") and self._accepted in answer:
            self._times.append(seconds)
            self._taken.append(number)
        else:
            self._error(answer[:300].decode(errors="replace"))

    def lost(self, error: Exception | None) -> None:
        """Count a connection that is no more."""
        if not self._over:
            self._error(f"a connection was closed: {error}")
        self._open -= 1
        if not self._open:
            self._all_closed.set()

    def _error(self, what: str) -> None:
        self._errors += 1
        self._first_error = self._first_error or what


async def run_load(wanted: Wanted) -> Counted:
    """Send from another process, so that the load's work does not slow down what watches it.

    Errors: `RuntimeError` when it could not send at all.
    """
    pipe = asyncio.subprocess.PIPE
    load = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.http_load", stdin=pipe, stdout=pipe)
    output, _ = await load.communicate(msgspec.json.encode(wanted))
    if load.returncode:
        raise RuntimeError(f"the load on {wanted.url} ended with code {load.returncode}")
    return msgspec.json.decode(output, type=Counted)


def main() -> None:
    """Read what is wanted from standard input, send it, and write what was counted to standard output."""
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Wanted)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

    async def run() -> Counted:
        return await Load(wanted).run()

    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(run())))


if __name__ == "__main__":
    main()
