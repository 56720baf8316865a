"""The revisions make what the code believes."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from services.pipeline.tables import SCHEMA, Row
from shared.io.database import make_engine, migrate


async def test_the_revisions_make_the_tables_that_the_code_declares(database: str) -> None:
    """Columns, keys and indexes; and migrating again changes nothing."""
    await migrate("pipeline", database)
    engine = make_engine(database)
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


def _differences(connection: Connection) -> list[Any]:
    options = {"include_schemas": True, "version_table_schema": SCHEMA, "compare_type": True}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Row.metadata)
