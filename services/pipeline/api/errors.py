"""Where refusals become HTTP: one table, one body `{"code", "message"}`."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from services.pipeline.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    StaleError,
    UnknownCallerError,
)
from services.pipeline.unit import DATABASE_ERRORS, is_fault_of_data, is_taken_meanwhile
from shared.io.logs import get_logger

STATUS: dict[type[RefusedError], HTTPStatus] = {
    RefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    StaleError: HTTPStatus.PRECONDITION_FAILED,
    UnknownCallerError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
}
PRECONDITION_REQUIRED = "precondition_required"
RETRY_AFTER_SECONDS = "2"
_log = get_logger(__name__)


class ErrorBody(BaseModel):
    """What every error answers. Shape: `code` for programs, `message` one sentence that names field and reason."""

    code: str
    message: str
    field: str | None = None


def install(app: FastAPI) -> None:
    """Map every error of the service at its edge."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_ours)
    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, _database_failed)


def answer(status: int, body: ErrorBody, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error as a response."""
    return JSONResponse(body.model_dump(exclude_none=True), status, headers)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)  # noqa: S101 - tells mypy what the table above says
    status = STATUS[type(error)]
    if error.code == PRECONDITION_REQUIRED:
        status = HTTPStatus.PRECONDITION_REQUIRED
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    return answer(status, ErrorBody(code=error.code, message=error.message, field=error.field or None), headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - tells mypy what the table above says
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"] if part != "body")
    unreadable = first["type"] == "json_invalid"
    status = HTTPStatus.BAD_REQUEST if unreadable else HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unreadable" if unreadable else "invalid"
    message = "the body is not readable as JSON" if unreadable else f"{path or 'the body'}: {first['msg']}"
    return answer(status, ErrorBody(code=code, message=message, field=path or None))


async def _not_ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - tells mypy what the table above says
    code = HTTPStatus(error.status_code).name.lower()
    return answer(error.status_code, ErrorBody(code=code, message=str(error.detail)))


async def _database_failed(_request: Request, error: Exception) -> JSONResponse:
    if is_taken_meanwhile(error):
        body = ErrorBody(code="conflict", message="somebody has made the same at this moment: read it, then try again")
        return answer(HTTPStatus.CONFLICT, body)
    if is_fault_of_data(error):
        body = ErrorBody(code="invalid", message="a value holds what the database cannot keep, as a NUL character")
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, body)
    _log.warning("database failed during a request", error=type(error).__name__)
    body = ErrorBody(code="unavailable", message="the database does not answer, and the outcome is unknown: try again")
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, body, {"Retry-After": RETRY_AFTER_SECONDS})
