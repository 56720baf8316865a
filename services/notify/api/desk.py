"""What the routes share: the database, the switchboard, the bells, the clock, and who may call."""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.exceptions import HTTPException

from services.notify.outbox import Bells, Clock
from services.notify.routing_table import Switchboard
from shared.kernel.errors import UpswingError

WORDS = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 503: "unavailable"}


class Desk(msgspec.Struct, frozen=True):
    """What the routes work with."""

    engine: AsyncEngine
    switchboard: Switchboard
    bells: Bells
    clock: Clock
    api_token: str | None
    signing_secret: str | None
    account_url: str


class ProblemError(UpswingError):
    """What a caller did wrong. Shape: becomes `{"code", "message"}`. Fate: answered."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def require_token(desk: Desk) -> Callable[..., Awaitable[None]]:
    """Return a dependency that lets in who holds the API token."""

    async def check(authorization: Annotated[str | None, Header()] = None) -> None:
        if desk.api_token is None:
            message = "the API is shut: set UPSWING_NOTIFY_API_TOKEN to open it"
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "api_shut", message)
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), desk.api_token.encode()):
            message = "send the API token as `Authorization: Bearer <token>`"
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "unauthorized", message)

    return check


def answer_errors(app: FastAPI) -> None:
    """Make every error of an app a JSON body with `code` and `message`."""

    @app.exception_handler(ProblemError)
    async def problem(_request: Request, error: ProblemError) -> JSONResponse:
        return JSONResponse({"code": error.code, "message": str(error)}, error.status)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        body = {"code": "invalid", "message": f"{path}: {first['msg']}"}
        return JSONResponse(body, HTTPStatus.UNPROCESSABLE_ENTITY)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        code = WORDS.get(error.status_code, "refused")
        return JSONResponse({"code": code, "message": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(DBAPIError)
    async def database(_request: Request, _error: DBAPIError) -> JSONResponse:
        body = {"code": "unavailable", "message": "the database does not answer; try again"}
        return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "2"})
