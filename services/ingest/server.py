"""The HTTP server of one ingest process: a port that it has alone, or one that it shares with other processes.

Processes share a port by `SO_REUSEPORT`: the kernel gives each new connection to one of those that listen, by a hash of
its addresses. A process listens there once it can take events, so that a restart takes no connection from the others
before; all the while, and when it is asked about itself, it answers on a port of its own.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from services.ingest.settings import Settings
from shared.io.logs import get_logger
from shared.kernel.errors import ConfigurationError

__all__ = ["Server", "listeners"]

BACKLOG = 2_048
log = get_logger(__name__)


class Server(uvicorn.Server):
    """uvicorn, which on a signal stops in order and then returns, instead of raising the signal once more.

    Shape: `shared` is a further socket, listened to once `opened` is set; `on_failure` is told when that cannot be.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        shared: socket.socket | None,
        opened: asyncio.Event,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        super().__init__(config)
        self._shared = shared
        self._opened = opened
        self._on_failure = on_failure
        self._sharing: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Stop; at the second signal without waiting."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and begin to wait for the moment to share."""
        await super().startup(sockets)
        if self._shared is not None:
            self._sharing = asyncio.create_task(self._share(self._shared), name="share the port")
            self._sharing.add_done_callback(self._shared_or_not)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave the shared port to the others at once, then stop in order."""
        if self._sharing is not None:
            self._sharing.cancel()
            await asyncio.gather(self._sharing, return_exceptions=True)
        with contextlib.ExitStack() as last:
            if self._shared is not None:
                last.callback(self._shared.close)
            await super().shutdown(sockets)

    async def _share(self, shared: socket.socket) -> None:
        await self._opened.wait()
        server = await asyncio.get_running_loop().create_server(self._connection, sock=shared, backlog=BACKLOG)
        self.servers.append(server)
        log.info("takes connections of the shared port", port=shared.getsockname()[1])

    def _connection(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn itself calls it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    def _shared_or_not(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error)


def listeners(settings: Settings) -> tuple[socket.socket, socket.socket | None]:
    """Return the socket to listen to from the beginning, and the bound one to be shared, if there is one.

    Errors: `ConfigurationError` when a port is taken.
    """
    host, port = settings.host, settings.port
    if settings.own_port is None:
        return _bound(host, port, "set UPSWING_INGEST_PORT to a free port"), None
    advice = "set UPSWING_INGEST_PORT to a free port, or give each process that shares it an UPSWING_INGEST_OWN_PORT"
    shared = _bound(host, port, advice, share=True)
    try:
        return _bound(host, settings.own_port, "set UPSWING_INGEST_OWN_PORT to a free port"), shared
    except ConfigurationError:
        shared.close()
        raise


def _bound(host: str, port: int, advice: str, *, share: bool = False) -> socket.socket:
    """Return a bound socket, which listens unless it is shared."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if share:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        if not share:
            listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}; {advice}") from error
    listener.setblocking(False)
    return listener
