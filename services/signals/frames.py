"""What a broker answers is joined once: asyncio's reader would copy it three times, up to 32 MiB in fresh memory each.

A connection is given our reader right behind `connect`, which makes asyncio's, and nothing is on its way to that then.
Only one client's are. Private here: of aiokafka 0.14 what `test_faust_is_the_one_we_know.py` pins, of asyncio whom a
protocol feeds and what a reader holds; `test_frames.py` holds ours to that reader. Source: design (throughput).
"""

import asyncio
import weakref
from collections import deque
from typing import Any

from aiokafka.client import AIOKafkaClient

__all__ = ["AHEAD_BYTES", "Frames", "read_frames"]

AHEAD_BYTES = 1 << 19  # two reads of the socket; held beyond what is waited for, or by nobody, before it is halted


class Frames:
    """What a socket has given and nobody has read, in the pieces in which it came.

    Shape: fed and read as `asyncio.StreamReader` is, by one who knows how many bytes he wants and is woken when they
    are there, not before. `_begin` is how many of the first piece were read, `_held` how many of all were not.
    """

    def __init__(self, transport: asyncio.ReadTransport) -> None:
        self._transport = transport
        self._pieces: deque[bytes] = deque()
        self._begin = self._held = self._wanted = 0
        self._eof = self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._exception: Exception | None = None

    def at_eof(self) -> bool:
        """Tell whether all was read that will ever come."""
        return self._eof and not self._held

    def set_exception(self, error: Exception) -> None:
        """Say what broke the connection: whoever waits gets it, and whoever reads later."""
        self._exception = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def feed_eof(self) -> None:
        """Say that nothing more will come."""
        self._eof = True
        self._wake()

    def feed_data(self, data: bytes) -> None:
        """Add a piece."""
        self._pieces.append(bytes(data))  # no copy of what is bytes already
        self._held += len(data)
        if self._held >= self._wanted:
            self._wake()
        if not self._paused and self._held > self._wanted + AHEAD_BYTES:
            self._paused = True
            self._transport.pause_reading()

    async def readexactly(self, n: int) -> bytes:
        """Return the next bytes. Errors: `IncompleteReadError` with what comes before the end; what broke all."""
        if n < 0:
            raise ValueError("fewer than no bytes cannot be read")
        if self._exception is not None:
            raise self._exception
        while self._held < n:
            if self._eof:
                raise asyncio.IncompleteReadError(self._take(self._held), n)
            if self._waiter is not None:
                raise RuntimeError("somebody else waits for what the socket gives")
            self._resume()
            self._wanted, self._waiter = n, asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._wanted, self._waiter = 0, None
        taken = self._take(n)
        if self._held <= AHEAD_BYTES // 2:
            self._resume()
        return taken

    def _take(self, n: int) -> bytes:
        """Forget the next bytes, which are there, and return them; what stays is not copied."""
        self._held -= n
        taken: list[bytes] = []  # no views: Python joins bytes while other threads run
        while n:
            piece, end = self._pieces[0], self._begin + n
            taken.append(piece[self._begin : end])
            n -= len(taken[-1])
            self._begin = end if end < len(piece) else 0
            if not self._begin:
                self._pieces.popleft()
        return b"".join(taken)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()


def read_frames(client: AIOKafkaClient) -> None:
    """Let the connections that a client hands out read so, unless one is lost or was asked something."""
    connect = client._get_conn  # noqa: SLF001 - not public

    async def connect_frames(*node: Any, **group: Any) -> Any:
        conn = await connect(*node, **group)  # nobody has had a turn since a new one was made
        reader: Any = getattr(conn, "_reader", None)
        known = isinstance(reader, asyncio.StreamReader) and not (reader.exception() or reader.at_eof())
        if known and not (reader._buffer or conn._requests):  # noqa: SLF001 - as above
            conn._reader = Frames(conn._writer.transport)  # noqa: SLF001 - as above
            conn._protocol._stream_reader_wr = weakref.ref(conn._reader)  # noqa: SLF001 - as above
            conn._read_task.cancel()  # noqa: SLF001 - as above; it has nothing to read
            conn._read_task = conn._create_reader_task()  # noqa: SLF001 - as above
        return conn

    client._get_conn = connect_frames  # noqa: SLF001 - as above
