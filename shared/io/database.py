"""PostgreSQL through async SQLAlchemy, and each service's migrations.

Migrations are Alembic revisions in `deploy/migrations/<service>/`, nothing but revision files: the environment is
`deploy/migrations/env.py`, the same for all. A service owns the schema of its name, its version table in it; revisions
name that schema (`op.create_table(..., schema="pipeline")`). One transaction and one advisory lock for each upgrade, so
two starting at once do no harm.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from shared.kernel.errors import DependencyError

__all__ = [
    "bound_transactions",
    "check_database",
    "make_engine",
    "make_sessions",
    "migrate",
    "pending_revision",
    "services_with_migrations",
]

POOL_SIZE = 5
POOL_OVERFLOW = 5
POOL_WAIT_SECONDS = 5
CONNECT_SECONDS = 5
LONGEST_PER_IDLE = 2
# Older servers know no `transaction_timeout`; they keep the first of the two bounds.
BOUND = """select set_config('idle_in_transaction_session_timeout', $1, false),
case when current_setting('transaction_timeout', true) is not null
then set_config('transaction_timeout', $2, false) end"""


def make_engine(url: str, **over: Any) -> AsyncEngine:
    """Return an engine for a `postgresql+asyncpg://` URL, with a small bounded pool. `over` replaces its options.

    A pooled connection is tried before use, so a restarted database costs no failed request.
    """
    options: dict[str, Any] = {
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW,
        "pool_timeout": POOL_WAIT_SECONDS,
        "pool_pre_ping": True,
        "json_serializer": lambda value: msgspec.json.encode(value).decode(),
        "json_deserializer": msgspec.json.decode,
        "connect_args": {"timeout": CONNECT_SECONDS},
    }
    return create_async_engine(url, **options | over)


def bound_transactions(engine: AsyncEngine, idle_seconds: float) -> AsyncEngine:
    """Let the database end the transactions of a process that stands still, and so their locks. Return the engine.

    A process may be stopped at any place, also between the two messages of one statement (asyncpg prepares, reads what
    the server describes, then executes): for PostgreSQL its session is *active* then, and neither the bound of idle
    transactions nor that of statements ends it. So a whole transaction is bounded too, at twice the seconds.
    """
    bounds = str(int(idle_seconds * 1000)), str(int(LONGEST_PER_IDLE * idle_seconds * 1000))

    def bound(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(BOUND, bounds)
        cursor.close()
        connection.commit()

    event.listen(engine.sync_engine, "connect", bound)
    return engine


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return the maker of sessions. Objects stay readable after a commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def check_database(engine: AsyncEngine) -> None:
    """Return when the database answers; raise SQLAlchemy's error when not. Made for `Readiness.probe`."""
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))


async def migrate(service: str, url: str) -> str | None:
    """Bring a service's schema to its newest revision, and return that revision's name.

    Errors: `DependencyError` when no database answers at `url`.
    """
    config = _config(service)
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, config)
    except (OSError, OperationalError) as error:
        raise DependencyError(f"no database answers at {engine.url}: start it, or correct the address") from error
    finally:
        await engine.dispose()
    return ScriptDirectory.from_config(config).get_current_head()


async def pending_revision(service: str, url: str) -> str | None:
    """Return the newest revision when the database does not have it yet, else None."""
    head = ScriptDirectory.from_config(_config(service)).get_current_head()
    engine = make_engine(url)
    try:
        async with engine.connect() as connection:
            current = await connection.run_sync(_current, service)
    finally:
        await engine.dispose()
    return head if head != current else None


def services_with_migrations() -> list[str]:
    """Return the services that have a schema of their own, by name."""
    return sorted(folder.name for folder in _migrations().iterdir() if any(folder.glob("[0-9]*.py")))


def _migrations() -> Path:
    return Path(str(files("deploy"))) / "migrations"


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_migrations()))
    config.set_main_option("version_locations", str(_migrations() / service))
    config.set_main_option("path_separator", "os")
    config.attributes["schema"] = service
    return config


def _upgrade(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _current(connection: Connection, schema: str) -> str | None:
    options = {"version_table_schema": schema}
    return MigrationContext.configure(connection, opts=options).get_current_revision()
