"""The routes that take events, as a plain ASGI application: FastAPI's routing would cost more than the events do.

Source: design (throughput). They are described in the API's documentation by `routes.documentation`.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

from services.ingest.core.dialects import ROUTES, serving
from services.ingest.core.replies import OK, Answer
from services.ingest.desk import Desk
from services.ingest.refusal import Refusal, error_body
from services.ingest.routes.body import Disconnected, Receive, check_type, read_body, read_headers
from shared.io.logs import get_logger

__all__ = ["HotRoutes"]

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON = (b"content-type", b"application/json")
_ENCODER = msgspec.json.Encoder()
log = get_logger(__name__)


class HotRoutes:
    """Answers the paths of all dialects, and hands every other one to `rest`."""

    def __init__(self, desk: Desk, rest: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._desk = desk
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] not in ROUTES:
            await self._rest(scope, receive, send)
            return
        started = time.perf_counter()
        headers = [JSON]
        try:
            answer = await self._take(scope, receive)
            status, body = answer.status, answer.body
        except Disconnected:
            return
        except Refusal as refusal:
            status, body = refusal.status.value, error_body(refusal.code, str(refusal))
            if refusal.retry_after is not None:
                headers.append((b"retry-after", str(refusal.retry_after).encode()))
        except Exception:  # fate: answered 500; the client sends the same again, and nothing was promised
            log.exception("a request failed", route=scope["path"])
            status, body = 500, error_body("internal", "this should not have happened")
        headers = [*headers, (b"content-length", str(len(body)).encode())] if body else []
        metrics = self._desk.metrics
        metrics.requests(scope["path"], str(status)).inc()
        metrics.request_seconds.observe(time.perf_counter() - started)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _take(self, scope: Scope, receive: Receive) -> Answer:
        desk = self._desk
        if scope["method"] != "POST":
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "events are sent with POST")
        path = scope["path"]
        headers = read_headers(scope["headers"])
        dialect, route = serving(path, headers.type, scope["headers"])
        key = desk.key_for(headers.secret) if headers.secret else None
        try:
            check_type(headers, route)
            body = await read_body(receive, headers, desk.settings, desk.budget)
        except Refusal as refusal:
            desk.bury(refusal, key, path)
            raise
        try:
            whole = body if dialect.unwrap is None else dialect.unwrap(headers.type, scope["headers"], body)
            intake, ticket = desk.take(dialect, route, whole, key)
        finally:
            desk.budget.give(len(body))
        del body, whole  # what waits for the broker is counted by the publisher
        reply = await desk.settle(intake, ticket)
        return Answer(OK, _ENCODER.encode(reply)) if dialect.answer is None else dialect.answer(reply, route)
