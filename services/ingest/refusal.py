"""Why a whole request is refused, with its status and what the client is told."""

from http import HTTPStatus

import msgspec

from shared.kernel.errors import UpswingError

__all__ = ["ErrorBody", "Refusal", "error_body"]


class ErrorBody(msgspec.Struct):
    """The body of every error: SDKs read both fields."""

    code: str
    message: str


class Refusal(UpswingError):  # noqa: N818 - it is the client's error, not ours
    """A request of which nothing is taken. Fate: answered with its status; `retry_after` in seconds."""

    def __init__(self, status: HTTPStatus, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


def error_body(code: str, message: str) -> bytes:
    """Return the JSON of an error."""
    return msgspec.json.encode(ErrorBody(code, message))
