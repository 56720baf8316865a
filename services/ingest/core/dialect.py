"""What a client dialect is: routes, a reader of bodies, and a normaliser of what was read.

Source: design (layout: one dialect is one file ending in its row).
"""

from collections.abc import Callable
from typing import Any

import msgspec

from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading


class Route(msgspec.Struct, frozen=True):
    """One `POST` path. Shape: `kind` is what the path itself says about the call, `example` a body that is accepted."""

    path: str
    summary: str
    example: Any
    kind: str | None = None
    media_types: tuple[str, ...] = ("application/json",)


class Dialect(msgspec.Struct, frozen=True):
    """The row in which a dialect's file ends.

    Shape: `read` turns a body into a `Reading`; `normalise` hands each of its items to the intake.
    Errors: `read` raises `msgspec.DecodeError` or `ValueError` for a body of which nothing can be read.
    """

    name: str
    what: str
    routes: tuple[Route, ...]
    read: Callable[[bytes, Route], Reading]
    normalise: Callable[[Reading, Intake], None]
