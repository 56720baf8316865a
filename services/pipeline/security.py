"""API tokens: random, shown once, kept only as their SHA-256."""

import hashlib
import secrets
from typing import Literal
from uuid import uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.errors import ForbiddenError, RefusedError, UnknownCallerError
from services.pipeline.repository import tokens
from services.pipeline.tables import TokenRow

Role = Literal["viewer", "csm", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "csm", "admin")
PREFIX = "upw_"
SECRET_BYTES = 32
LONGEST_NAME = 80


class Caller(msgspec.Struct, frozen=True):
    """Who calls: the token's id, the name that the history shows, and the role."""

    token_id: str
    name: str
    role: str

    def require(self, role: Role) -> None:
        """Check that the caller's role reaches. Errors: `ForbiddenError`."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise ForbiddenError("forbidden", f"this needs the role {role}; the token {self.name!r} has {self.role}")


def issue(session: AsyncSession, name: str, role: Role, now: int) -> tuple[str, str]:
    """Return the id of a new token and the token itself, which nobody can read again.

    Errors: `RefusedError` for a name that is empty or too long.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise RefusedError("out_of_range", f"name must have between 1 and {LONGEST_NAME} characters", "name")
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    row = TokenRow(token_id=str(uuid4()), name=name, role=role, digest=digest(token), created_at=now)
    tokens.add(session, row)
    return row.token_id, token


async def recognise(session: AsyncSession, authorization: str | None) -> Caller:
    """Return who sends this header. Errors: `UnknownCallerError` when nobody of ours does."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnknownCallerError("unauthorized", "send an API token as `Authorization: Bearer upw_...`")
    row = await tokens.valid(session, digest(token.strip()))
    if row is None:
        raise UnknownCallerError("unauthorized", "the API token is not known or was revoked")
    return Caller(row.token_id, row.name, row.role)


def digest(token: str) -> bytes:
    """Return what is kept of a token: it has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()
