"""PostgreSQL and migrations as the services use them, on a real server."""

import asyncpg
import pytest
from sqlalchemy import text

from deploy.local.ports import free_port
from shared.io.database import check_database, make_engine, make_sessions, migrate
from shared.kernel.errors import DependencyError


async def test_a_fresh_database_answers_and_is_empty(database_url: str) -> None:
    """Each test has a database to itself."""
    engine = make_engine(database_url)
    await check_database(engine)
    async with make_sessions(engine)() as session:
        tables = await session.scalar(text("select count(*) from pg_tables where schemaname = 'public'"))
    await engine.dispose()
    assert tables == 0


async def test_the_server_is_postgresql_18(database_url: str) -> None:
    """The release that production runs is the release of the tests."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    assert await connection.fetchval("select current_setting('server_version_num')::int / 10000") == 18
    await connection.close()


async def test_a_database_that_is_not_there_is_one_sentence() -> None:
    """A wrong address says which one, without a password."""
    port = free_port()
    with pytest.raises(DependencyError, match=f"no database answers at .*@127.0.0.1:{port}") as raised:
        await migrate("pipeline", f"postgresql+asyncpg://someone:secret@127.0.0.1:{port}/upswing")
    assert "secret" not in str(raised.value)
