"""Databases with the pipeline's tables, copied from one that was migrated once."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from deploy.local.postgres import LocalPostgres
from shared.io.database import migrate


def make_template(postgres: LocalPostgres) -> str:
    """Return the name of a new database with the pipeline's tables."""
    name = f"t{secrets.token_hex(4)}"
    asyncio.run(_migrate_new(postgres, name))
    return name


@asynccontextmanager
async def copy_of(postgres: LocalPostgres, template: str) -> AsyncIterator[str]:
    """Give the URL of a copy, which lasts as long as the test."""
    name = f"t{secrets.token_hex(4)}"
    connection = await _connect(postgres)
    try:
        await connection.execute(f"create database {name} template {template}")
        yield postgres.url(name)
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


async def _migrate_new(postgres: LocalPostgres, name: str) -> None:
    connection = await _connect(postgres)
    try:
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()
    await migrate("pipeline", postgres.url(name))


async def _connect(postgres: LocalPostgres) -> asyncpg.Connection:
    return await asyncpg.connect(postgres.url().replace("+asyncpg", ""))
