"""What a test asks the database directly."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import asyncpg

__all__ = ["count", "fetch", "until"]


async def fetch(database: str, query: str) -> list[asyncpg.Record]:
    """Return the rows of a query."""
    connection = await asyncpg.connect(database.replace("+asyncpg", ""))
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def count(database: str, table: str) -> int:
    """Return how many rows a table has."""
    ((number,),) = await fetch(database, f"select count(*) from pipeline.{table}")  # noqa: S608 - the test's own names
    return int(number)


async def until(holds: Callable[[], Any], what: str, seconds: float = 30) -> None:
    """Return when an awaited condition holds. Errors: `AssertionError` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        await asyncio.sleep(0.05)
