"""One transaction for each request or message, committed at the edge, and the bell that wakes the outbox after it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.pipeline.metrics import TRANSACTION_SECONDS

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]
UNIQUE_VIOLATION = "23505"
FAULT_OF_THE_DATA = ("22", "23")  # SQLSTATE classes: data exception, integrity constraint violation
DATABASE_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Unit:
    """Runs work in a transaction of its own."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self.bell = asyncio.Event()

    async def run(self, name: str, work: Work[T], *, rings: bool = True) -> T:
        """Return what the work returns, after its transaction is committed; then the bell rings.

        Errors: those of the work, after a rollback. A connection that breaks at the commit leaves the outcome unknown:
        whoever retries must be idempotent.
        """
        started = time.perf_counter()
        async with self._sessions.begin() as session:
            result = await work(session)
        TRANSACTION_SECONDS.labels(name).observe(time.perf_counter() - started)
        if rings:
            self.bell.set()
        return result


class Patience:
    """How long failures are borne: the deadline counts from the first of them, not from a process that stood still."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def is_over(self) -> bool:
        """Return whether this failure comes after the deadline."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        return now - self._since > self._seconds


def is_taken_meanwhile(error: BaseException) -> bool:
    """Return whether somebody else has just written what may be there only once."""
    return isinstance(error, DBAPIError) and _state(error) == UNIQUE_VIOLATION


def is_fault_of_data(error: BaseException) -> bool:
    """Return whether the database refused the data themselves, so that trying again would not help."""
    if not isinstance(error, DBAPIError):
        return not isinstance(error, DATABASE_ERRORS)
    if error.orig and isinstance(error.orig.__cause__, asyncpg.DataError):
        return True
    return _state(error)[:2] in FAULT_OF_THE_DATA


def say(error: BaseException) -> str:
    """Return an error as one line; libraries write several."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:300]


def _state(error: DBAPIError) -> str:
    cause = error.orig.__cause__ if error.orig else None
    return str(getattr(cause, "sqlstate", "") or "")
