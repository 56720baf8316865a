"""What the pipeline refuses, without a word about HTTP; `api/errors.py` maps it at the edge.

The tree, below `UpswingError`::

    RefusedError            code, field and one sentence
    ├── NotFoundError       there is no such account, lead, task
    ├── ConflictError       it cannot be done now: another one is open, it is closed, the key was used
    ├── StaleError          it has changed since it was read
    ├── UnknownCallerError  no token, or not one of ours
    └── ForbiddenError      the token's role does not allow it
"""

from services.pipeline.core.stages import Refusal
from shared.kernel.errors import UpswingError


class RefusedError(UpswingError):
    """What was asked for is not allowed or not complete. Fate: answered to the caller."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class NotFoundError(RefusedError):
    """There is no such thing. Shape: `hint` says what to do about it."""

    def __init__(self, what: str, name: str, hint: str = "") -> None:
        super().__init__("not_found", f"there is no {what} {name!r:.120}{f': {hint}' if hint else ''}")


class ConflictError(RefusedError):
    """It cannot be done as things stand."""


class StaleError(RefusedError):
    """The caller has not seen the present state."""


class UnknownCallerError(RefusedError):
    """The caller is not known."""


class ForbiddenError(RefusedError):
    """The caller may not do this."""


def refuse(refusal: Refusal) -> RefusedError:
    """Return the error for what the core has refused."""
    kind = ConflictError if refusal.code in {"closed", "move_not_allowed"} else RefusedError
    return kind(refusal.code, refusal.message, refusal.field)
