"""Broker and database that break under the pipeline. Source: fault matrix 6, 7, 10, 17."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local.postgres import LocalPostgres
from tests.support.broker import Broker
from tests.support.pipeline.databases import copy_of, make_template
from tests.support.pipeline.log import Log, open_log
from tests.support.pipeline.process import PipelineProcess
from tests.support.pipeline.queries import until
from tests.support.pipeline.samples import FUTURE, make_trigger
from tests.support.pipeline.slowly import assert_all_once, write_slowly

TERMINATE = """select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()"""


@pytest.fixture
async def pipeline(tmp_path: Path, log: Log, database: str) -> AsyncIterator[PipelineProcess]:
    """A pipeline of small batches, so that there are many transactions."""
    process = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database, BATCH_TRIGGERS="2", OUTBOX_BATCH="2")
    process.start()
    await process.wait_ready()
    yield process
    process.kill()


async def test_killed_backends_under_load_cost_no_lead_and_make_none_twice(
    log: Log, pipeline: PipelineProcess, database: str
) -> None:
    """Every connection ended over and over: in a transaction, at its commit, between two."""
    connection = await asyncpg.connect(database.replace("+asyncpg", ""))
    writing = asyncio.create_task(write_slowly(log))
    ended = 0
    try:
        while not writing.done():
            ended += len(await connection.fetch(TERMINATE))
            await asyncio.sleep(0.15)
        await writing
        await assert_all_once(log, database)
    finally:
        await connection.close()
    assert ended > 20
    assert pipeline.running, "a lost connection is no reason to leave"


async def test_a_database_that_restarts_costs_no_lead(tmp_path: Path, log: Log) -> None:
    """Not ready meanwhile, and on with the work when it is back, without a restart of the pipeline."""
    postgres = LocalPostgres(tmp_path / "own")
    await asyncio.to_thread(postgres.start)
    template = await asyncio.to_thread(make_template, postgres)
    database = postgres.url(template)
    pipeline = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database)
    pipeline.start()
    try:
        await pipeline.wait_ready()
        writing = asyncio.create_task(write_slowly(log))
        await asyncio.sleep(1)
        await asyncio.to_thread(postgres.stop)

        async def says_so() -> bool:
            ready, checks = await pipeline.readiness()
            return not ready and checks["database"] != "ok"

        await until(says_so, "the pipeline saying that its database is gone")
        async with httpx.AsyncClient(base_url=pipeline.address) as client:
            answer = await client.get("/v1/tasks", headers={"Authorization": "Bearer x"}, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"]
        await asyncio.to_thread(postgres.start)
        await writing
        await assert_all_once(log, database)
        await pipeline.wait_ready()
    finally:
        pipeline.kill()
        await asyncio.to_thread(postgres.stop)


async def test_a_broker_that_restarts_or_freezes_costs_no_lead(
    tmp_path: Path, own_kafka: Broker, topic_prefix: str, postgres: LocalPostgres, template: str
) -> None:
    """Stopped, killed and held still under load; resumed without anybody's help."""
    async with copy_of(postgres, template) as database, open_log(own_kafka.bootstrap, topic_prefix) as log:
        pipeline = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database, DELIVERY_SECONDS="2")
        pipeline.start()
        try:
            await pipeline.wait_ready()
            writing = asyncio.create_task(write_slowly(log, pause=0.1))
            for end in (own_kafka.stop, own_kafka.kill):
                await asyncio.sleep(1)
                await asyncio.to_thread(end)
                await asyncio.sleep(1)
                await asyncio.to_thread(own_kafka.start)
            with own_kafka.frozen():
                await until(lambda: _not_ready(pipeline), "not ready while the broker is silent")
            await writing
            await assert_all_once(log, database)
            await pipeline.wait_ready()
        finally:
            pipeline.kill()


async def test_work_that_stands_still_ends_the_process(tmp_path: Path, log: Log, database: str) -> None:
    """A lock that nobody lets go: records wait, none is taken, and the supervisor gets its chance."""
    pipeline = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database, PROGRESS_SECONDS="3")
    pipeline.start()
    try:
        await pipeline.wait_ready()
        async with locked(database, "inbox"):
            await log.triggers(make_trigger("a0", occurred_at=FUTURE))
            assert await pipeline.wait(40) == 1
        assert "wait, and none was taken for 3 s" in pipeline.log.read_text()
        pipeline.start()
        await assert_all_once(log, database, 1)
    finally:
        pipeline.kill()


async def test_a_database_that_stays_away_ends_the_process_after_its_deadline(
    tmp_path: Path, log: Log, database: str
) -> None:
    """Retried to the deadline, then exit: one sentence says why."""
    pipeline = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database, RETRY_SECONDS="2")
    pipeline.start()
    try:
        await pipeline.wait_ready()
        async with closed(database):
            await log.triggers(make_trigger("a0", occurred_at=FUTURE))
            assert await pipeline.wait(60) == 1
        assert "leaving" in pipeline.log.read_text()
        pipeline.start()
        await assert_all_once(log, database, 1)
    finally:
        pipeline.kill()


async def test_a_frozen_process_goes_on_where_it_was(log: Log, pipeline: PipelineProcess, database: str) -> None:
    """Held still past its session, it loses its partitions, joins again and repeats nothing."""
    writing = asyncio.create_task(write_slowly(log))
    await asyncio.sleep(1)
    pipeline.signal(signal.SIGSTOP)
    await asyncio.sleep(8)
    pipeline.signal(signal.SIGCONT)
    await writing
    await assert_all_once(log, database)
    assert pipeline.running


async def test_two_workers_share_the_work_and_repeat_none(
    tmp_path: Path, log: Log, pipeline: PipelineProcess, database: str
) -> None:
    """A second joins and is killed under load; the first takes over what it had."""
    (tmp_path / "second").mkdir()
    second = PipelineProcess(
        tmp_path / "second", log.bootstrap, log.prefix, database, INSTANCE="p2", BATCH_TRIGGERS="2"
    )
    writing = asyncio.create_task(write_slowly(log, pause=0.15))
    try:
        second.start()
        await second.wait_ready()
        await asyncio.sleep(3)
        second.kill()
        await writing
        await assert_all_once(log, database)
    finally:
        writing.cancel()
        second.kill()
    assert pipeline.running


@pytest.mark.parametrize("point", ["before_commit", "in_statement", "after_commit", "before_send", "after_send"])
async def test_a_worker_that_stands_still_with_its_locks_is_replaced(
    tmp_path: Path, log: Log, database: str, point: str
) -> None:
    """The database ends its transaction, the other worker takes its partitions; woken up, it repeats nothing."""
    workers = []
    for name in ("p1", "p2"):
        (tmp_path / name).mkdir()
        quick = {"IDLE_TRANSACTION_SECONDS": "2", "DELIVERY_SECONDS": "1", "RETRY_SECONDS": "5", "INSTANCE": name}
        workers.append(PipelineProcess(tmp_path / name, log.bootstrap, log.prefix, database, **quick))
    frozen, other = workers
    try:
        frozen.start(f"{point}:1:stop")
        await frozen.wait_ready()
        await write_slowly(log, 10, 0)
        other.start()
        await other.wait_ready()
        await assert_all_once(log, database, 10)
        frozen.signal(signal.SIGCONT)
        await frozen.wait_ready()
        await write_slowly(log, 20, 0)
        await assert_all_once(log, database, 20)
    finally:
        frozen.kill()
        other.kill()


@contextlib.asynccontextmanager
async def locked(database: str, table: str) -> AsyncIterator[None]:
    """Hold a table so that nobody else can use it."""
    connection = await asyncpg.connect(database.replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            await connection.execute(f"lock table pipeline.{table} in access exclusive mode")
            yield
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def closed(database: str) -> AsyncIterator[None]:
    """Let nobody connect to a database."""
    address = database.replace("+asyncpg", "")
    name = address.rpartition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(address.replace(f"/{name}?", "/postgres?"))
    try:
        await connection.execute(f"alter database {name} allow_connections false")
        await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        yield
        await connection.execute(f"alter database {name} allow_connections true")
    finally:
        await connection.close()


async def _not_ready(pipeline: PipelineProcess) -> bool:
    ready, _checks = await pipeline.readiness()
    return not ready
