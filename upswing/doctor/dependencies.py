"""Checks of what the services need: broker, topics, database, migrations."""

from collections.abc import AsyncIterator

from sqlalchemy.exc import SQLAlchemyError

from shared.io.database import check_database, make_engine, pending_revision, services_with_migrations
from shared.io.kafka import check_broker, compare_topics
from shared.kernel.errors import DependencyError
from upswing.doctor.finding import Finding, Setup, ok, wrong

__all__ = ["broker", "database", "topics"]


async def broker(setup: Setup) -> AsyncIterator[Finding]:
    """Whether a broker answers."""
    if setup.kafka is None:
        return
    try:
        await check_broker(setup.kafka)
    except DependencyError as error:
        yield wrong(str(error))
    else:
        yield ok(f"a Kafka broker answers at {setup.kafka}")


async def topics(setup: Setup) -> AsyncIterator[Finding]:
    """Whether the topics are as the table in code declares them."""
    if setup.kafka is None:
        return
    settings = setup.settings
    try:
        differences = await compare_topics(setup.kafka, settings.partitions, setup.replication, settings.topic_prefix)
    except DependencyError:
        return  # the check of the broker has said so
    for difference in differences:
        yield wrong(difference)
    if not differences:
        yield ok("the topics are as declared")


async def database(setup: Setup) -> AsyncIterator[Finding]:
    """Whether the database answers and has the newest revisions."""
    if setup.database is None:
        return
    engine = make_engine(setup.database)
    try:
        await check_database(engine)
        pending = {name: await pending_revision(name, setup.database) for name in services_with_migrations()}
    except (SQLAlchemyError, OSError) as error:
        yield wrong(f"no database answers at {engine.url} ({type(error).__name__}): start it, or correct the address")
        return
    finally:
        await engine.dispose()
    behind = [f"{name} lacks {revision}" for name, revision in pending.items() if revision]
    if behind:
        yield wrong(f"the database is behind the code ({', '.join(behind)}): run `upswing migrate --database ...`")
    else:
        yield ok("the database answers and has the newest revisions")
