"""The pipeline: wires the API, the feeds, the outbox and the loops, and runs until SIGTERM."""

import asyncio
import contextlib
import gc
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import click
import uvicorn
import uvloop
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.pipeline import escalation, takers
from services.pipeline.api import errors
from services.pipeline.api.accounts import endpoints as accounts
from services.pipeline.api.call import Desk
from services.pipeline.api.csqls import endpoints as csqls
from services.pipeline.api.people import endpoints as people
from services.pipeline.api.scorecard import endpoints as scorecard
from services.pipeline.api.tasks import endpoints as tasks
from services.pipeline.api.users import endpoints as users
from services.pipeline.census import keep_counting
from services.pipeline.consumer import Feed, FeedSpec
from services.pipeline.context import Context, make_context
from services.pipeline.nightly import keep_nights
from services.pipeline.outbox import Outbox
from services.pipeline.settings import PREFIX, Settings, read_settings
from services.pipeline.unit import Patience, Unit
from services.pipeline.watchdog import Heart, watch_feeds
from shared.io.database import (
    CONNECT_SECONDS,
    bound_transactions,
    check_database,
    make_engine,
    make_sessions,
    pending_revision,
)
from shared.io.health import health_routes
from shared.io.logs import configure_logging, get_logger
from shared.io.readiness import Readiness
from shared.kernel.errors import ConfigurationError, UpswingError
from shared.kernel.topics import FACTS, SNAPSHOTS, TRIGGERS

SERVICE = "pipeline"
SCHEMA_CHECK = "schema"
SCHEMA_SECONDS = 1.0
GRACE_SECONDS = 5
_log = get_logger(__name__)


def read_clock() -> int:
    """Return the present instant in milliseconds."""
    return time.time_ns() // 1_000_000


def make_app(desk: Desk, readiness: Readiness) -> FastAPI:
    """Return the HTTP application; it shares one desk."""
    app = FastAPI(title="Upswing pipeline", version="1", docs_url="/docs", redoc_url=None)
    app.state.desk = desk
    errors.install(app)
    for part in (accounts, csqls, tasks, scorecard, people, users):
        app.include_router(part.router, responses={"4XX": {"model": errors.ErrorBody}})
    app.include_router(health_routes(readiness))
    return app


def make_feeds(settings: Settings, context: Context, unit: Unit, clock: Callable[[], int]) -> tuple[Feed, Feed]:
    """Return the feed of triggers, where every millisecond counts, and that of facts and snapshots."""
    of_accounts = (context.topic(FACTS), context.topic(SNAPSHOTS))
    specs = (
        FeedSpec(
            "triggers",
            (context.topic(TRIGGERS),),
            settings.batch_triggers,
            settings.triggers_wait_ms,
            takers.take_triggers,
        ),
        FeedSpec("accounts", of_accounts, settings.batch_accounts, settings.accounts_wait_ms, takers.take_accounts),
    )
    first, second = (Feed(spec, settings, context, unit, clock) for spec in specs)
    return first, second


class Server(uvicorn.Server):
    """uvicorn's server, which leaves the signals to us: it would raise them again and skip the rest of the stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(settings: Settings) -> None:
    """Run until SIGTERM. Errors: those of the first part that fails; the others are stopped then."""
    listener = _listen(settings)
    engine = _connect(settings)
    try:
        await _serve(settings, engine, listener)
    finally:
        listener.close()
        with contextlib.suppress(TimeoutError):  # the process ends: its connections do too
            async with asyncio.timeout(settings.drain_seconds):
                await engine.dispose()


async def _serve(settings: Settings, engine: AsyncEngine, listener: socket.socket) -> None:
    readiness, unit, context = Readiness(), Unit(make_sessions(engine)), make_context(settings)
    readiness.probe("database", partial(check_database, engine))
    readiness.expect(SCHEMA_CHECK)
    feeds = make_feeds(settings, context, unit, read_clock)
    outbox = Outbox(settings, unit, readiness, read_clock)
    app = make_app(Desk(unit, context, read_clock), readiness)
    server = Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=GRACE_SECONDS)
    )
    migrated = partial(_once_migrated, settings, readiness)
    parts = {
        "http": server.serve([listener]),
        "heart": Heart(settings.stall_seconds).beat(),
        "triggers": migrated(feeds[0].run),
        "accounts": migrated(feeds[1].run),
        "outbox": migrated(outbox.run),
        "watchdog": watch_feeds(feeds, settings, readiness),
        "escalation": migrated(partial(escalation.keep_escalating, settings, context, unit, read_clock)),
        "census": migrated(partial(keep_counting, unit, read_clock)),
        "nights": migrated(partial(keep_nights, settings, context, unit, read_clock)),
    }
    gc.freeze()
    _log.info("serving", host=settings.host, port=settings.port)
    await _run_all(server, parts, settings.drain_seconds)


async def _run_all(server: Server, parts: dict[str, Coroutine[Any, Any, None]], drain_seconds: float) -> None:
    """Run all parts until a signal, or until one ends: then the API answers what it has begun, and all stop."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    running = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    http, *others = running
    ends: list[asyncio.Task[Any]] = [*running, asyncio.create_task(stopping.wait())]
    done, _pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        _log.info("stopping", because=task.get_name() if task in running else "signal")
    server.should_exit = True
    for task in others:
        task.cancel()
    await asyncio.wait(others, timeout=drain_seconds)
    await asyncio.wait([http], timeout=GRACE_SECONDS)
    for task in done:
        task.result()


def _connect(settings: Settings) -> AsyncEngine:
    """Return the engine; the database itself ends the transactions of a worker that stands still, and their locks."""
    options = {"timeout": CONNECT_SECONDS, "server_settings": {"application_name": SERVICE}}
    return bound_transactions(make_engine(settings.database, connect_args=options), settings.idle_transaction_seconds)


def _listen(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=1024)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise ConfigurationError(f"cannot listen on {where} ({error.strerror}): set {PREFIX}PORT") from None


async def _once_migrated(settings: Settings, readiness: Readiness, part: Callable[[], Awaitable[None]]) -> None:
    """Wait for the newest revision, then run. Errors: `ConfigurationError` past the deadline."""
    patience = Patience(settings.retry_seconds)
    while (trouble := await _schema_trouble(settings.database)) is not None:
        readiness.fail(SCHEMA_CHECK, trouble)
        if patience.is_over():
            raise ConfigurationError(trouble)
        await asyncio.sleep(SCHEMA_SECONDS)
    readiness.ok(SCHEMA_CHECK)
    await part()


async def _schema_trouble(database: str) -> str | None:
    try:
        missing = await pending_revision(SERVICE, database)
    except (SQLAlchemyError, OSError) as error:
        return f"the database does not answer: {type(error).__name__}"
    return f"the database lacks revision {missing}: run `upswing migrate`" if missing else None


@click.command()
def command() -> None:
    """Run the pipeline: leads, tasks, scorecard."""
    settings = read_settings()
    configure_logging(SERVICE, settings.log_level, settings.log_json)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except UpswingError as error:
        _log.critical("leaving", error=str(error))
        raise
