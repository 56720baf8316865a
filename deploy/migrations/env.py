"""Alembic's environment for every service: `shared.io.database.migrate` gives it a connection and a schema."""

from alembic import context
from sqlalchemy import Connection, text


def upgrade(connection: Connection, schema: str) -> None:
    """Run the revisions of one schema, alone: the lock is held to the end of the caller's transaction."""
    connection.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"upswing migrations {schema}"})
    connection.execute(text(f'create schema if not exists "{schema}"'))
    context.configure(connection=connection, version_table_schema=schema, include_schemas=True, transactional_ddl=False)
    context.run_migrations()


upgrade(context.config.attributes["connection"], context.config.attributes["schema"])
