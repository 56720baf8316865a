"""The ingest service: wiring, start and stop.

Errors: `ConfigurationError` when a setting, the playbook or the keys file cannot be used; exit code 1 when the producer
or a task came to its end, because only a new process begins anew without doubt.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from services.ingest.connection import Connection
from services.ingest.core.tracking import Tracking
from services.ingest.desk import Desk
from services.ingest.key_file import KeyWatch, read_keys
from services.ingest.metrics import Metrics
from services.ingest.refusal import error_body
from services.ingest.routes.connection import HotConnection
from services.ingest.routes.documentation import document
from services.ingest.routes.hot import HotRoutes
from services.ingest.server import Server, listeners
from services.ingest.settings import Settings
from services.ingest.sources import SourceWatch
from shared.io.health import Readiness, health_routes
from shared.io.logs import configure_logging, get_logger
from shared.io.playbooks import read_playbook
from shared.io.settings import read_settings
from shared.kernel.errors import DependencyError

__all__ = ["command", "main"]

YOUNG_OBJECTS = 50_000
OLDER_GENERATIONS = 50
log = get_logger(__name__)


class Service:
    """One ingest process: `routes` is its ASGI application; `failure` says why it had to stop, if it had."""

    def __init__(self, settings: Settings, registry: CollectorRegistry = REGISTRY) -> None:
        playbook = read_playbook(settings.playbook)
        read_keys(settings.keys_path)
        self.settings = settings
        self.failure: str | None = None
        self.readiness = Readiness()
        self.keys = KeyWatch(settings.keys_path)
        self.metrics = Metrics(registry)
        self.desk = Desk(settings, self.keys, self.metrics)
        tracking = Tracking(playbook.tracking, playbook.time)
        watch = SourceWatch(
            settings.kafka,
            settings.topic_prefix,
            playbook.rules.source_silent,
            self.desk.tallies.process,
            lambda: self.keys.ring.sources,
        )
        self.connection = Connection(settings, self.desk, tracking, watch, self.readiness, self._fail)
        self.api = self._api()
        self.routes = HotRoutes(self.desk, self._rest)
        self.server: Server | None = None

    def _api(self) -> FastAPI:
        api = FastAPI(title="Upswing ingest", description="Takes events over HTTP.", lifespan=self._lifespan)
        api.include_router(health_routes(self.readiness))
        api.add_exception_handler(HTTPException, _answer_error)
        document(api)
        return api

    @asynccontextmanager
    async def _lifespan(self, _api: FastAPI) -> AsyncIterator[None]:
        self.keys.look()
        self.metrics.in_flight_bytes.set_function(lambda: self.desk.budget.used)
        self.metrics.keys.set_function(lambda: len(self.keys.ring))
        tasks = [
            asyncio.create_task(self.keys.keep_looking(self.settings.keys_poll_seconds)),
            asyncio.create_task(self.connection.hold()),
        ]
        for task in tasks:
            task.add_done_callback(self._ended)
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, OLDER_GENERATIONS, OLDER_GENERATIONS)
        yield
        await self.connection.drain(self.settings.drain_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is no dialect's. On a shared port nobody knows whose figures they get: there are none."""
        own = self.settings.own_port
        if own is not None and scope.get("path") == "/metrics" and scope["server"][1] == self.settings.port:
            why = f"several processes answer on this port: ask each on its own, this one on {own}"
            answer = Response(error_body("shared_port", why), 421, media_type="application/json")
            await answer(scope, receive, send)
        else:
            await self.api(scope, receive, send)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = f"ingest cannot go on: {type(error).__name__}: {error}"
            log.critical("stopping", why=self.failure)
            self.readiness.fail("broker", self.failure)
            if self.server is not None:
                self.server.should_exit = True

    def run(self) -> None:
        """Serve until SIGTERM.

        Errors: `ConfigurationError` when the port is taken, `DependencyError` when the producer came to its end.
        """
        listener, shared = listeners(self.settings)
        config = uvicorn.Config(
            self.routes,
            loop="uvloop",
            http=HotConnection,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(self.settings.ack_seconds) + 1,
        )
        self.server = Server(config, shared, self.connection.opened, self._fail)
        self.server.run(sockets=[listener])
        if self.failure is not None:
            raise DependencyError(self.failure)


async def _answer_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "this should not have happened"
    code = detail.lower().replace(" ", "_")
    return Response(error_body(code, detail), status, media_type="application/json")


def main() -> None:
    """Run the service with the settings of the environment."""
    settings = read_settings(Settings, "ingest")
    configure_logging("ingest", settings.log_level, settings.log_json)
    Service(settings).run()


@click.command()
def command() -> None:
    """Take events over HTTP."""
    main()
