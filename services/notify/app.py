"""The wiring of notify: settings in, one process out."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import click
import msgspec
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.api.deliveries import delivery_routes
from services.notify.api.desk import Desk, answer_errors
from services.notify.api.interactions import interaction_routes
from services.notify.api.prompts import prompt_routes
from services.notify.api.routes_test import routing_routes
from services.notify.api.silences import silence_routes
from services.notify.channels.kinds import Environment
from services.notify.channels.receiver import Receiver
from services.notify.consumer import Consumer
from services.notify.intake import Intake
from services.notify.outbox import Bells, Pace, Sender
from services.notify.repository import log, outbox
from services.notify.routing_table import Switchboard, load_switchboard
from services.notify.settings import Settings
from services.notify.watchdog import Watchdog
from shared.io.database import bound_transactions, check_database, make_engine, pending_revision
from shared.io.health import health_routes
from shared.io.logs import configure_logging, get_logger
from shared.io.readiness import Readiness
from shared.kernel.errors import ConfigurationError, DependencyError

POOL_SIZE = 10  # no ping before use: consumer and senders try again on their own
IDLE_TRANSACTION_SECONDS = 30.0
LOG = get_logger("notify.app")


def wall_clock_ms() -> int:
    """Return the instant now. Units: milliseconds."""
    return time.time_ns() // 1_000_000


class Service(msgspec.Struct, frozen=True):
    """All parts of one process."""

    settings: Settings
    engine: AsyncEngine
    receiver: Receiver
    switchboard: Switchboard
    bells: Bells
    consumer: Consumer
    senders: list[tuple[Sender, int]]
    watchdog: Watchdog
    readiness: Readiness
    desk: Desk


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Give all parts, connected. Errors: `ConfigurationError`, `DependencyError`."""
    receiver = Receiver(allow_local=settings.allow_local_urls, timeout_s=settings.send_seconds)
    engine = make_engine(settings.database, pool_size=POOL_SIZE, pool_pre_ping=False)
    bound_transactions(engine, IDLE_TRANSACTION_SECONDS)
    try:
        environment = Environment(
            receiver=receiver,
            secrets=settings.known_secrets(),
            slack_api_url=settings.slack_api_url,
            smtp=settings.smtp,
            send_timeout_s=settings.send_seconds,
            allow_local_urls=settings.allow_local_urls,
            buttons=settings.buttons,
            owner_wait_ms=round(settings.owner_seconds * 1000),
        )
        switchboard = load_switchboard(settings, environment)
        yield await _wire(settings, engine, receiver, switchboard)
    finally:
        await receiver.close()
        await engine.dispose()


async def _wire(settings: Settings, engine: AsyncEngine, receiver: Receiver, switchboard: Switchboard) -> Service:
    readiness = Readiness()
    readiness.probe("database", partial(check_database, engine))
    bells = Bells(list(switchboard.channels))
    clock = wall_clock_ms
    pace = Pace(settings.limits, round(settings.lease_seconds * 1000), settings.poll_seconds)
    senders = [
        (Sender(engine, channel, bells, pace, clock, settings.account_url), channel.workers)
        for channel in switchboard.channels.values()
    ]
    consumer = Consumer(settings, Intake(engine, switchboard, settings.account_url), bells, clock)
    desk = Desk(
        engine=engine,
        switchboard=switchboard,
        bells=bells,
        clock=clock,
        api_token=settings.api_token.get_secret_value() if settings.api_token else None,
        signing_secret=settings.signing_secret.get_secret_value() if settings.signing_secret else None,
        account_url=settings.account_url,
    )
    return Service(
        settings=settings,
        engine=engine,
        receiver=receiver,
        switchboard=switchboard,
        bells=bells,
        consumer=consumer,
        senders=senders,
        watchdog=Watchdog(settings, consumer, engine, readiness, clock),
        readiness=readiness,
        desk=desk,
    )


def make_app(service: Service) -> FastAPI:
    """Return the HTTP application."""
    app = FastAPI(title="Upswing notify", version="1", docs_url="/docs", redoc_url=None)
    answer_errors(app)
    app.include_router(health_routes(service.readiness))
    for routes in (delivery_routes, silence_routes, prompt_routes, routing_routes, interaction_routes):
        app.include_router(routes(service.desk))
    return app


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: `serve` has its own, so that senders can finish what they are sending."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Errors: `UpswingError` of the part that failed first."""
    with _listen(settings) as listener:
        async with open_service(settings) as service:
            await prepare(service)
            stopping = asyncio.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, stopping.set)
            await run(service, listener, stopping)


def _listen(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=256)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise ConfigurationError(
            f"cannot listen on {where} ({os.strerror(error.errno or 0)}): set another UPSWING_NOTIFY_PORT"
        ) from None


async def prepare(service: Service) -> None:
    """Make sure of what the senders need. Errors: `DependencyError` when the database does not answer."""
    switchboard = service.switchboard
    if not switchboard.senders:
        LOG.warning("no channel is set: alerts are kept in the log of deliveries; set UPSWING_NOTIFY_SLACK_WEBHOOK_URL")
    try:
        missing = await pending_revision("notify", service.settings.database)
        if missing:
            raise ConfigurationError(f"the database lacks the revision {missing}: run `upswing migrate`")
        async with service.engine.begin() as connection:
            await outbox.register_channels(connection, list(switchboard.channels))
            sizes = await log.outbox_sizes(connection)
    except (OSError, DBAPIError) as error:
        raise DependencyError("no database answers at the address set as UPSWING_NOTIFY_DATABASE") from error
    for channel in sorted({channel for channel, _state in sizes} - switchboard.channels.keys()):
        LOG.warning("deliveries wait for a channel that is no longer set up", channel=channel)


async def run(service: Service, listener: socket.socket, stopping: asyncio.Event) -> None:
    """Take, send and answer until told to stop; then finish what is being sent. Errors: of the part that failed."""
    config = uvicorn.Config(make_app(service), log_config=None, access_log=False, lifespan="off")
    server = Server(config)
    work = [
        asyncio.create_task(service.consumer.run(stopping), name="consumer"),
        *(
            asyncio.create_task(sender.run(stopping), name="sender")
            for sender, workers in service.senders
            for _number in range(workers)
        ),
    ]
    watch = [
        asyncio.create_task(service.watchdog.run(), name="watchdog"),
        asyncio.create_task(server.serve([listener]), name="server"),
        asyncio.create_task(stopping.wait(), name="stopping"),
    ]
    done, _waiting = await asyncio.wait([*work, *watch], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    service.bells.ring(set(service.switchboard.channels))
    await asyncio.wait(work, timeout=service.settings.send_seconds)
    server.should_exit = True
    for task in (*work, *watch[::2]):
        task.cancel()
    await asyncio.gather(*work, *watch, return_exceptions=True)
    for task in done:
        task.result()


def read_settings() -> Settings:
    """Return the settings of the environment. Errors: `ConfigurationError` naming each wrong or missing one."""
    try:
        return Settings()  # type: ignore[call-arg] # the environment gives what has no default
    except ValidationError as error:
        wrong = "; ".join(
            f"UPSWING_NOTIFY_{'_'.join(map(str, row['loc'])).upper()}: {row['msg']}" for row in error.errors()
        )
        raise ConfigurationError(f"a setting of notify is wrong: {wrong}") from None


@click.command(help="Take triggers, tell people in Slack and by e-mail.")
def command() -> None:
    """Run the service until SIGTERM."""
    settings = read_settings()
    configure_logging("notify", settings.log_level, settings.log_json)
    uvloop.run(serve(settings))
