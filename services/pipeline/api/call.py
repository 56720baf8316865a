"""One request: who calls, under which conditions, and the one transaction that it runs in."""

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import msgspec
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.context import Context
from services.pipeline.errors import ConflictError, RefusedError, StaleError
from services.pipeline.repository import replies
from services.pipeline.security import Caller, Role, recognise
from services.pipeline.unit import Unit

T = TypeVar("T")
JSON = "application/json"
LONGEST_KEY = 200


class Desk(msgspec.Struct, frozen=True):
    """What all requests share. Units: `clock` returns an instant in milliseconds."""

    unit: Unit
    context: Context
    clock: Callable[[], int]


class Reply(msgspec.Struct, frozen=True):
    """What a service function answers. Shape: `version` becomes the ETag."""

    body: BaseModel
    status: int = 200
    version: int | None = None


Work = Callable[[AsyncSession], Awaitable[Reply]]


class Call(msgspec.Struct, frozen=True):
    """One request. Units: `now` is the instant at which it came, in milliseconds."""

    desk: Desk
    caller: Caller
    now: int
    target: str
    key: str | None
    if_match: str | None

    @property
    def context(self) -> Context:
        """Return the rules in force."""
        return self.desk.context

    async def read(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Return what the work reads."""
        return await self.desk.unit.run("read", work, rings=False)

    async def change(self, work: Work, body: BaseModel | None = None) -> Response:
        """Answer with what the work changes; under an `Idempotency-Key` only once, and again with the same answer.

        Errors: `ConflictError` when the key was used for another request.
        """
        return await self.desk.unit.run("change", lambda session: self._once(session, work, body))

    def check_version(self, version: int) -> None:
        """Check that the caller has seen this version. Errors: `StaleError`, `RefusedError` without `If-Match`."""
        if self.if_match is None:
            raise RefusedError("precondition_required", "send If-Match with the ETag of what you have read", "If-Match")
        if self.if_match.strip() not in {"*", etag(version)}:
            message = f"it has changed since you read it: its ETag is now {etag(version)}"
            raise StaleError("stale", message, "If-Match")

    async def _once(self, session: AsyncSession, work: Work, body: BaseModel | None) -> Response:
        if self.key is None:
            return respond(await work(session))
        fingerprint = hashlib.sha256(f"{self.target}\n{body.model_dump_json() if body else ''}".encode()).digest()
        if not await replies.take(session, self.caller.token_id, self.key, fingerprint, self.now):
            kept = await replies.get(session, self.caller.token_id, self.key)
            if kept is None or kept.fingerprint != fingerprint:
                message = "this Idempotency-Key was used for another request"
                raise ConflictError("idempotency_key_reused", message, "Idempotency-Key")
            return Response(kept.body, kept.status, _headers(kept.etag), JSON)
        reply = await work(session)
        text = reply.body.model_dump_json().encode()
        tag = None if reply.version is None else etag(reply.version)
        await replies.keep(session, self.caller.token_id, self.key, status=reply.status, etag=tag, body=text)
        return Response(text, reply.status, _headers(tag), JSON)


def respond(reply: Reply) -> Response:
    """Return a reply as a response."""
    tag = None if reply.version is None else etag(reply.version)
    return Response(reply.body.model_dump_json(), reply.status, _headers(tag), JSON)


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def call_for(role: Role) -> Callable[..., Awaitable[Call]]:
    """Return the dependency that gives a call, for callers whose role reaches."""

    async def make_call(
        request: Request,
        authorization: Annotated[str | None, Header()] = None,
        idempotency_key: Annotated[str | None, Header(max_length=LONGEST_KEY)] = None,
        if_match: Annotated[str | None, Header()] = None,
    ) -> Call:
        desk: Desk = request.app.state.desk
        caller = await desk.unit.run("recognise", lambda session: recognise(session, authorization), rings=False)
        caller.require(role)
        target = f"{request.method} {request.url.path}"
        return Call(desk, caller, desk.clock(), target, idempotency_key, if_match)

    return make_call


ViewerCall = Annotated[Call, Depends(call_for("viewer"))]
CsmCall = Annotated[Call, Depends(call_for("csm"))]
AdminCall = Annotated[Call, Depends(call_for("admin"))]


def write_cursor(*parts: str | int) -> str:
    """Return where a page ends, as an opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def read_cursor(cursor: str | None, shape: type[T]) -> T | None:
    """Return where a page begins. Errors: `RefusedError` for a text that is not one of our cursors."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=shape)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise RefusedError("out_of_range", "cursor must be the next_cursor of an earlier page", "cursor") from None


def _headers(tag: str | None) -> dict[str, str]:
    return {} if tag is None else {"ETag": tag}
