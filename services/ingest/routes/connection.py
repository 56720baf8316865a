"""uvicorn's connection, with a short way for requests that take events and are all there: no scope, no task.

What is not there in one piece, what is no POST of such a path, and whatever comes while another request of the same
connection is under way goes uvicorn's own way. Its private parts that this leans on are held by
`tests/integration/ingest/test_connection.py`, and its version by the lock. Source: design (throughput).
"""

from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from services.ingest.core.dialects import CLAIMS, ROUTES
from services.ingest.routes.hot import HotRoutes, Said

__all__ = ["HotConnection"]

PATHS = {path.encode(): path for path in ROUTES if path not in CLAIMS}
CLOSE = b"connection: close\r\n"
MOST_HEAD_BYTES = 512 << 10  # two reads of the loop; the parser has no bound, and takes long and longer over one header


class Nobody:
    """In place of the event that wakes a task: there is none."""

    def set(self) -> None:
        """Do nothing."""


class ShortCycle:
    """A request under way on the short way, with what uvicorn's connection asks of its own cycles."""

    __slots__ = ("_connection", "disconnected", "keep_alive", "response_complete")
    message_event = Nobody()

    def __init__(self, connection: "HotConnection", *, keep_alive: bool) -> None:
        self._connection = connection
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False

    def answer(self, said: Said) -> None:
        """Write the answer, if anybody is still there to read it."""
        self.response_complete = True
        connection = self._connection
        transport = connection.transport
        if self.disconnected or transport.is_closing():
            return
        parts = [STATUS_LINE[said.status]]
        for name, value in (*connection.server_state.default_headers, *said.headers()):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n" if self.keep_alive else CLOSE + b"\r\n", said.body)
        transport.write(b"".join(parts))
        if not self.keep_alive:
            transport.close()
        connection.on_response_complete()


class HotConnection(HttpToolsProtocol):
    """One connection.

    Shape: `_parts` are those of the body of a request that may still go the short way; `_head_bytes` came since headers
    were last complete.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._routes = self.config.app
        self._parts: list[bytes] | None = None
        self._in_head = True
        self._head_bytes = 0

    def on_message_begin(self) -> None:
        """Begin a request; its scope is made once it is known to go the long way."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """Choose the way."""
        self._in_head, self._head_bytes = False, 0
        parser = self.parser
        if (
            self.url in PATHS
            and parser.get_method() == b"POST"
            and (self.cycle is None or self.cycle.response_complete)
            and not (self.expect_100_continue or parser.should_upgrade() or self.flow.write_paused)
        ):
            self._parts = []
        else:
            self._go_the_long_way()

    def _go_the_long_way(self) -> None:
        url, expects, headers = self.url, self.expect_100_continue, self.headers
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        if self._parts is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Serve a request that is all there."""
        self._in_head = True
        if self._parts is None:
            super().on_message_complete()
            return
        body, self._parts = b"".join(self._parts), None
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        cycle = ShortCycle(self, keep_alive=keep_alive)
        self.cycle = cast("RequestResponseCycle", cycle)
        cast("HotRoutes", self._routes).serve(PATHS[self.url], self.headers, body, cycle.answer)

    def data_received(self, data: bytes) -> None:
        """Read what came; a request that is not all there goes on the long way, which waits within its limits."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The request's line and headers are too long.")
        if self._parts is not None:
            parts, self._parts = self._parts, None
            if not self.transport.is_closing():
                self._go_the_long_way()
                super().on_body(b"".join(parts))
