"""The routes that take events, beside FastAPI: its routing would cost more than the events do.

A request that is all there is served at once, without a task of its own (`serve`, called by `routes.connection`); any
other waits for its body as a plain ASGI application. Both ways are the same but for that. Source: design (throughput).
They are described in the API's documentation by `routes.documentation`.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import ROUTES, serving
from services.ingest.core.intake import Intake
from services.ingest.core.keys import WriteKey
from services.ingest.core.replies import OK
from services.ingest.desk import Desk
from services.ingest.publisher import Ticket
from services.ingest.refusal import Refusal, error_body
from services.ingest.routes.body import Disconnected, Headers, Receive, admit, check_type, read_body, read_headers
from shared.io.logs import get_logger

__all__ = ["HotRoutes", "Said"]

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderList = list[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json")
_ENCODER = msgspec.json.Encoder()
log = get_logger(__name__)


class Said(msgspec.Struct, gc=False):
    """What a request is answered. Units: `retry_after` is seconds, None when it is not said."""

    status: int
    body: bytes
    retry_after: int | None = None

    def headers(self) -> HeaderList:
        """Return the answer's headers."""
        if not self.body:
            return []
        headers = [JSON, (b"content-length", b"%d" % len(self.body))]
        if self.retry_after is not None:
            headers.append((b"retry-after", b"%d" % self.retry_after))
        return headers


class Visit(msgspec.Struct):
    """A request whose headers were read and found good. Shape: `started` is when it came, by `perf_counter`."""

    path: str
    dialect: Dialect
    route: Route
    key: WriteKey | None
    headers: Headers
    raw_headers: HeaderList


class HotRoutes:
    """Answers the paths of all dialects, and hands every other one to `rest`."""

    def __init__(self, desk: Desk, rest: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._desk = desk
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, whose body may still be under way."""
        if scope["type"] != "http" or scope["path"] not in ROUTES:
            await self._rest(scope, receive, send)
            return
        path, started = scope["path"], time.perf_counter()
        try:
            said = await self._wait_and_take(path, scope, receive)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - fate: answered, by its kind
            said = _said(path, error)
        self._note(path, said.status, started)
        await send({"type": "http.response.start", "status": said.status, "headers": said.headers()})
        await send({"type": "http.response.body", "body": said.body})

    def serve(self, path: str, raw_headers: HeaderList, body: bytes, answer: Callable[[Said], None]) -> None:
        """Serve one POST that is all there. Shape: `answer` is called once, at once or when the broker has it."""
        started = time.perf_counter()
        try:
            visit = self._enter(path, raw_headers)
            try:
                whole = admit(body, visit.headers, self._desk.settings, self._desk.budget)
            except Refusal as refusal:
                self._desk.bury(refusal, visit.key, path)
                raise
            intake, ticket = self._take(visit, whole)
        except Exception as error:  # noqa: BLE001 - fate: answered, by its kind
            self._finish(path, started, _said(path, error), answer)
            return
        ticket.when_settled(partial(self._settled, visit, started, intake, ticket, answer))
        if not ticket.over:
            self._desk.deadlines.watch(ticket, started)

    async def _wait_and_take(self, path: str, scope: Scope, receive: Receive) -> Said:
        desk = self._desk
        if scope["method"] != "POST":
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "events are sent with POST")
        visit = self._enter(path, scope["headers"])
        try:
            body = await read_body(receive, visit.headers, desk.settings, desk.budget)
        except Refusal as refusal:
            desk.bury(refusal, visit.key, path)
            raise
        intake, ticket = self._take(visit, body)
        del body  # what waits for the broker is counted by the publisher
        await ticket.acknowledged(desk.settings.ack_seconds)
        return self._reply(visit, intake, ticket)

    def _enter(self, path: str, raw_headers: HeaderList) -> Visit:
        headers = read_headers(raw_headers)
        dialect, route = serving(path, headers.type, raw_headers)
        key = self._desk.key_for(headers.secret) if headers.secret else None
        try:
            check_type(headers, route)
        except Refusal as refusal:
            self._desk.bury(refusal, key, path)
            raise
        return Visit(path, dialect, route, key, headers, raw_headers)

    def _take(self, visit: Visit, body: bytes) -> tuple[Intake, Ticket]:
        dialect, desk = visit.dialect, self._desk
        try:
            whole = body if dialect.unwrap is None else dialect.unwrap(visit.headers.type, visit.raw_headers, body)
            return desk.take(dialect, visit.route, whole, visit.key)
        finally:
            desk.budget.give(len(body))

    def _reply(self, visit: Visit, intake: Intake, ticket: Ticket) -> Said:
        reply = self._desk.reply(intake, ticket)
        if visit.dialect.answer is None:
            return Said(OK, _ENCODER.encode(reply))
        answer = visit.dialect.answer(reply, visit.route)
        return Said(answer.status, answer.body)

    def _settled(
        self, visit: Visit, started: float, intake: Intake, ticket: Ticket, answer: Callable[[Said], None]
    ) -> None:
        try:
            said = self._reply(visit, intake, ticket)
        except Exception as error:  # noqa: BLE001 - fate: answered, by its kind
            said = _said(visit.path, error)
        self._finish(visit.path, started, said, answer)

    def _finish(self, path: str, started: float, said: Said, answer: Callable[[Said], None]) -> None:
        self._note(path, said.status, started)
        answer(said)

    def _note(self, path: str, status: int, started: float) -> None:
        metrics = self._desk.metrics
        metrics.requests(path, str(int(status))).inc()
        metrics.request_seconds.observe(time.perf_counter() - started)


def _said(path: str, error: Exception) -> Said:
    """Return what is answered when a request could not be taken."""
    if isinstance(error, Refusal):
        return Said(int(error.status), error_body(error.code, str(error)), error.retry_after)
    log.error("a request failed", route=path, exc_info=error)  # the client sends the same again; nothing was promised
    return Said(HTTPStatus.INTERNAL_SERVER_ERROR, error_body("internal", "this should not have happened"))
