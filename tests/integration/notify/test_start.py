"""How notify starts and ends: what is wrong is said in one sentence, and what is stuck does not stay."""

import asyncio
import socket
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from deploy.local.ports import free_port
from services.notify.app import open_service, prepare, serve
from services.notify.consumer import Consumer
from services.notify.settings import Settings
from services.notify.tables import metadata
from services.notify.watchdog import Watchdog
from shared.io.database import make_engine, migrate
from shared.io.kafka import ensure_topics
from shared.io.readiness import Readiness
from shared.kernel.errors import ConfigurationError, DependencyError, InvariantError
from tests.support.broker import Broker
from tests.support.notify import TOPICS, Log, make_settings, make_trigger, running
from tests.support.receivers import Slack

NOWHERE = "postgresql+asyncpg://postgres@127.0.0.1:1/x"


def local_settings(database: str, **over: Any) -> Settings:
    """Return settings without a broker."""
    return make_settings("127.0.0.1:1", "", database, retry_seconds=1.0, **over)


async def test_the_migration_makes_the_tables_that_the_code_uses(database_url: str) -> None:
    """Column by column, index by index; twice does no harm."""
    await migrate("notify", database_url)
    await migrate("notify", database_url)
    engine = make_engine(database_url)

    def compare(connection: Connection) -> list[Any]:
        options = {
            "include_schemas": True,
            "compare_server_default": True,
            "version_table_schema": "notify",
            "include_name": lambda name, kind, _parents: kind != "schema" or name == "notify",
        }
        found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        return found

    async with engine.connect() as connection:
        assert await connection.run_sync(compare) == []
    await engine.dispose()


async def test_a_database_that_was_not_migrated_is_said_so(database_url: str) -> None:
    """And what to do."""
    async with open_service(local_settings(database_url)) as service:
        with pytest.raises(ConfigurationError, match="run `upswing migrate`"):
            await prepare(service)


async def test_a_database_that_is_not_there_is_said_so() -> None:
    """By the setting that names it."""
    async with open_service(local_settings(NOWHERE)) as service:
        with pytest.raises(DependencyError, match="UPSWING_NOTIFY_DATABASE"):
            await prepare(service)


async def test_a_port_that_is_taken_is_said_so() -> None:
    """Before anything else is opened."""
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        settings = local_settings(NOWHERE, port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match=r"Address already in use.*: set another UPSWING_NOTIFY_PORT"):
            await serve(settings)


async def test_a_broker_that_does_not_answer_ends_the_process(database_url: str) -> None:
    """After the deadline, with one sentence."""
    await migrate("notify", database_url)
    with pytest.raises(DependencyError, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        await serve(local_settings(database_url))


async def test_it_is_ready_only_while_it_can_work(
    own_kafka: Broker, topic_prefix: str, database_url: str, slack: Slack
) -> None:
    """Not before partitions are assigned, and no more once the broker is gone."""
    await ensure_topics(own_kafka.bootstrap, 3, 1, topic_prefix, TOPICS)
    settings = make_settings(own_kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        own_kafka.kill()
        async with asyncio.timeout(30):
            while (answer := await notify.client.get("/readyz")).status_code == 200:
                await asyncio.sleep(0.2)
        assert "broker does not answer" in answer.json()["checks"]["consumer"]


class Stuck(Consumer):
    """A consumer that has records to take and takes none."""

    async def lag(self) -> dict[str, int] | None:
        """Return that records wait."""
        return {"expansion.triggers": 3}


async def test_a_consumer_that_gets_nowhere_ends_the_process(database_url: str) -> None:
    """Lag above zero and no progress: the supervisor starts a new one."""
    await migrate("notify", database_url)
    settings = local_settings(database_url, progress_seconds=1.0)
    async with open_service(settings) as service:
        stuck = Stuck(settings, None, service.bells, service.desk.clock)  # type: ignore[arg-type]  # it takes nothing in
        readiness = Readiness()
        watchdog = Watchdog(settings, stuck, service.engine, readiness, service.desk.clock)
        with pytest.raises(InvariantError, match="no record was taken for 1 s"):
            async with asyncio.timeout(20):
                await watchdog.run()


async def test_old_inbox_rows_are_forgotten_after_the_topic_has_forgotten_them(
    kafka: Broker, topic_prefix: str, database_url: str, slack: Slack, log: Log
) -> None:
    """The topic keeps 30 days; the inbox more."""
    settings = make_settings(kafka.bootstrap, topic_prefix, database_url, slack_webhook_url=slack.hook)
    async with running(settings) as notify:
        await log.trigger(make_trigger("new"))
        await slack.wait_posts(1)
        old = notify.service.desk.clock() - 41 * 86_400_000
        async with notify.service.engine.begin() as connection:
            insert = "insert into notify.inbox (item_id, record, taken_at) values ('old', 'fired', :at)"
            await connection.execute(text(insert), {"at": old})
        assert await notify.service.watchdog.sweep() == 1
        async with notify.service.engine.connect() as connection:
            left = (await connection.execute(text("select count(*) from notify.inbox"))).scalar_one()
    assert left == 1
