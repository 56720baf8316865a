"""The whole stack on one machine: Kafka, PostgreSQL, topics, migrations, the four services; ready, and kept running.

As a library::

    async with LocalStack(local_settings(data=folder), say=print, before_services=[write_backfill]) as stack:
        ...  # stack.bootstrap, stack.database_url, stack.settings.url("ingest"), stack.supervisor.pid("signals")
"""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
import httpx

from deploy.local.jars import ensure_jars
from deploy.local.kafka import LocalKafka
from deploy.local.leftovers import end_leftovers, only_one
from deploy.local.noted import noted
from deploy.local.ports import demand_free, is_free
from deploy.local.postgres import LocalPostgres
from deploy.local.settings import PORTS, SERVICES, LocalSettings
from deploy.local.supervise import Program, Ready, Supervisor
from shared.io.database import migrate, services_with_migrations
from shared.io.kafka import check_broker, ensure_topics
from shared.kernel.errors import ConfigurationError, DependencyError

__all__ = ["Hook", "LocalStack", "Told"]

DATABASE = "upswing"
KAFKA_SECONDS = 120.0
KAFKA_STOP_SECONDS = 90.0  # the first stop also writes down what Java has learned
READY_ANSWER_SECONDS = 5.0
LOOK_SECONDS = 1.0

Told = Callable[[int, int], None]
Hook = Callable[["LocalStack"], Awaitable[None]]


class LocalStack:
    """One stack. Shape: `environment` goes to every service on top of the rest; `services` may leave some out.

    `say` gets lines for a person, `told(done, all)` the progress of fetching jars. Hooks of `before_services` run when
    broker, topics and tables are there and no service is.
    """

    def __init__(
        self,
        settings: LocalSettings,
        *,
        say: Callable[[str], None] = lambda _line: None,
        told: Told = lambda _done, _all: None,
        environment: Mapping[str, str] | None = None,
        services: Sequence[str] = SERVICES,
        before_services: Sequence[Hook] = (),
    ) -> None:
        self.settings = settings
        self.supervisor = Supervisor(settings.data / "run", say)
        self.postgres = LocalPostgres((settings.data / "postgres").absolute())
        self.services = tuple(services)
        self._say, self._told = say, told
        self._environment = dict(environment or {})
        self._before_services = before_services
        self._client = httpx.AsyncClient(trust_env=False, verify=False, timeout=READY_ANSWER_SECONDS)  # noqa: S501 - plain HTTP to this machine
        self._kafka: LocalKafka | None = None
        self._held = contextlib.ExitStack()
        self._watch: asyncio.Task[None] | None = None

    @property
    def bootstrap(self) -> str:
        """The broker's address."""
        return self.settings.bootstrap

    @property
    def database_url(self) -> str:
        """The URL of the services' database."""
        return self.postgres.url(DATABASE)

    def environment(self, service: str) -> dict[str, str]:
        """Return the environment that a service gets; tools that act for it need the same."""
        return self.settings.service_environment(service, self.database_url) | self._environment

    def log(self, name: str) -> Path:
        """Return the log file of a program."""
        return (self.settings.data / "logs" / f"{name}.log").absolute()

    async def __aenter__(self) -> Self:
        """Start everything; ready when it returns."""
        try:
            await self.start()
        except BaseException:
            with contextlib.suppress(DependencyError):  # what went wrong first is what a person must hear
                await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, services first."""
        await self.stop()

    async def start(self) -> None:
        """Start everything in order and return when all is ready. Errors: each is one sentence that says what to do."""
        self._take_folder()
        self._say("starting Kafka and PostgreSQL")
        jars = await asyncio.to_thread(ensure_jars, self.settings.jars_folder, self._told)
        await asyncio.gather(self._start_kafka(jars), self._start_postgres())
        await asyncio.gather(self._create_topics(), self._migrate())
        for hook in self._before_services:
            await hook(self)
        await self.start_services(*self.services)

    async def start_services(self, *names: str) -> None:
        """Start services and return when they are ready."""
        programs = self.settings.programs(*names)
        if programs:
            self._say(f"starting {', '.join(programs)}")
        for name in programs:
            await self.supervisor.start(self._service(name))
        await self.supervisor.until_ready(*programs, seconds=self.settings.ready_seconds)

    async def stop_services(self, *names: str) -> None:
        """Stop services, each of their processes."""
        if names:
            await self.supervisor.stop(*self.settings.programs(*names))

    async def stop(self) -> None:
        """Stop everything, the services first; nothing is left behind."""
        if self._watch:
            self._watch.cancel()
        await self.stop_services(*self.services)
        whole = await self.supervisor.stop()
        if self._kafka:
            self._kafka.keep_training(whole=whole)
        await asyncio.to_thread(self.postgres.stop)
        await self._client.aclose()
        self._held.close()

    def _take_folder(self) -> None:
        data = self.settings.data
        try:
            self._held.enter_context(only_one(data))
            free = shutil.disk_usage(data).free >> 20
        except OSError as error:
            raise ConfigurationError(f"the data folder {data} cannot be written: {error.strerror}") from error
        if free < self.settings.free_megabytes:
            raise ConfigurationError(
                f"only {free} MB are free on the disk of {data}, and the stack wants {self.settings.free_megabytes}: "
                "free some, or choose another folder with --data"
            )
        for name in end_leftovers(data / "run"):
            self._say(f"{name} was left behind by an earlier run and has been stopped")
        for name in (name for name in PORTS if name in self.services or name in {"kafka", "controller"}):
            demand_free(self.settings.port(name), name, f"--{name}-port or UPSWING_LOCAL_{name.upper()}_PORT")
        for name, port in self.settings.own_ports.items() if "ingest" in self.services else ():
            demand_free(port, name, "UPSWING_LOCAL_INGEST_OWN_PORT")
        self._held.enter_context(noted(self.settings))

    async def _start_kafka(self, jars: list[Path]) -> None:
        kafka = self._kafka = LocalKafka(
            (self.settings.data / "kafka").absolute(),
            jars,
            self.settings.kafka_port,
            self.settings.controller_port,
            train=True,
        )
        await asyncio.to_thread(kafka.prepare)
        program = Program(
            name="kafka",
            command=kafka.command,
            environment=kafka.environment,
            log=self.log("kafka"),
            ready=self._kafka_answers,
            grace_seconds=KAFKA_STOP_SECONDS,
        )
        await self.supervisor.start(program)
        await self.supervisor.until_ready("kafka", seconds=KAFKA_SECONDS)

    async def _kafka_answers(self) -> str | None:
        if is_free(self.settings.kafka_port):
            return "it does not listen yet"
        try:
            await check_broker(self.bootstrap)
        except DependencyError as error:
            return str(error)
        return None

    async def _start_postgres(self) -> None:
        await asyncio.to_thread(self.postgres.start)
        connection = await asyncpg.connect(self.postgres.url().replace("+asyncpg", ""))
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
                await connection.execute(f"create database {DATABASE}")
        finally:
            await connection.close()
        self._watch = asyncio.create_task(self._look_after(), name="look after the stack")

    async def _look_after(self) -> None:
        """Keep what the supervisor does not: the database, which is a daemon, and the length of the logs."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self.supervisor.trim_logs)
            try:
                if self.postgres.pid() is None:
                    await self._start_postgres_again()
            except OSError as error:
                self._say(f"PostgreSQL cannot be looked after, trying again: {error.strerror or error}")

    async def _start_postgres_again(self) -> None:
        self._say(f"PostgreSQL ended; starting it again (log: {self.postgres.folder / 'log'})")
        try:
            await asyncio.to_thread(self.postgres.start)
            self._say("PostgreSQL runs again")
        except DependencyError as error:
            self._say(str(error))

    async def _create_topics(self) -> None:
        await ensure_topics(self.bootstrap, self.settings.partitions, prefix=self.settings.topic_prefix)

    async def _migrate(self) -> None:
        for service in services_with_migrations():
            await migrate(service, self.database_url)

    def _service(self, name: str) -> Program:
        return Program(
            name=name,
            command=[sys.executable, "-m", "upswing", name.partition("-")[0]],
            environment=self.environment(name),
            log=self.log(name),
            ready=self._answers(name),
        )

    def _answers(self, program: str) -> Ready:
        async def answers() -> str | None:
            try:
                answer = await self._client.get(f"{self.settings.own_url(program)}/readyz")
            except httpx.TransportError:
                return "it does not answer yet"
            if answer.is_success:
                return None
            checks: dict[str, str] = answer.json().get("checks", {})
            return "; ".join(f"{name}: {why}" for name, why in checks.items() if why != "ok")

        return answers
