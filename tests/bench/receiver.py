"""A receiver shaped like Slack's incoming webhooks: it notes when each alert arrived and which trigger it tells of."""

import re
import time
from typing import Self

from aiohttp import web

__all__ = ["Receiver"]

HOST = "127.0.0.1"
TRIGGER = re.compile(rb"`([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`")


class Receiver:
    """Takes posts on any path. Shape: `arrivals` maps a trigger's id to the instants at which an alert of it arrived.

    Units: instants in milliseconds since 1970, with their fraction.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.arrivals: dict[str, list[float]] = {}
        self.nameless = 0
        self._runner: web.AppRunner | None = None

    def url(self, channel: str) -> str:
        """Return the webhook of a channel."""
        return f"http://{HOST}:{self.port}/{channel}"

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application()
        app.router.add_post("/{channel}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        arrived_ms = time.time_ns() / 1e6
        found = TRIGGER.search(body)
        if found is None:
            self.nameless += 1
        else:
            self.arrivals.setdefault(found[1].decode(), []).append(arrived_ms)
        return web.Response(text="ok")
