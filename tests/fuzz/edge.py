"""The whole service in this process, from ASGI's messages to the producer's batches, without a network."""

import asyncio
import secrets
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from services.ingest.app import Service
from services.ingest.core.keys import KeyFile, make_key
from services.ingest.key_file import change_keys
from services.ingest.publisher import Publisher
from services.ingest.routes.hot import HotRoutes
from services.ingest.settings import Settings
from tests.support.intake import make_world

__all__ = ["Answer", "Edge"]


class Batch:
    """Our part of aiokafka's batch."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, timestamp: None, key: bytes | None, value: bytes | None) -> object:  # noqa: ARG002 - as aiokafka calls it
        """Take a record."""
        self.values.append(value or b"")
        return self

    def close(self) -> None:
        """Nothing more to take."""


class Log:
    """Our part of aiokafka's producer: it has what it is given at once."""

    def __init__(self) -> None:
        self.records: dict[str, list[bytes]] = {}

    def create_batch(self) -> Batch:
        """Return an empty batch."""
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Future[None]":  # noqa: ARG002 - as aiokafka is called
        """Take a batch and acknowledge it."""
        self.records.setdefault(topic, []).extend(batch.values)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class Answer(msgspec.Struct):
    """What a request was answered, and what was written because of it."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    events: list[bytes]
    letters: list[bytes]


class Edge:
    """One service; `ask` sends it a request."""

    def __init__(self, folder: Path) -> None:
        made, self.secret = make_key("web", secrets.token_bytes(32), 0)
        settings = Settings(data=folder, linger_ms=0, event_max_bytes=10_000)
        change_keys(settings.keys_path, lambda _: KeyFile(keys=(made,)))
        self.service = Service(settings, CollectorRegistry())
        self.service.keys.look()
        self.failures: list[BaseException] = []
        self._runner = asyncio.Runner()
        self._runner.run(self._open())

    async def _open(self) -> None:
        desk = self.service.desk
        self.log = Log()
        desk.world = make_world()
        desk.publisher = Publisher(
            self.log,  # type: ignore[arg-type]  # our part of it
            desk.budget,
            desk.metrics,
            linger_seconds=0,
            pack_max_bytes=desk.settings.pack_max_bytes,
            on_failure=self.failures.append,
        )
        self.routes: HotRoutes = self.service.routes

    def ask(self, path: str, body: bytes, headers: list[tuple[bytes, bytes]], parts: int = 1) -> Answer:
        """Post a body, in one part or several."""
        return self._runner.run(self._ask(path, body, headers, parts))

    async def _ask(self, path: str, body: bytes, headers: list[tuple[bytes, bytes]], parts: int) -> Answer:
        self.log.records.clear()
        size = max(1, -(-len(body) // parts))
        cut = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        left = iter(
            {"type": "http.request", "body": part, "more_body": number < len(cut)} for number, part in enumerate(cut, 1)
        )
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return next(left)

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
        await self.routes(scope, receive, send)
        assert self.service.desk.publisher
        assert await self.service.desk.publisher.drain(5)
        topics = self.log.records
        return Answer(
            sent[0]["status"],
            dict(sent[0]["headers"]),
            sent[1]["body"],
            [line for value in topics.get("events", []) for line in value.splitlines()],
            topics.get("dead.letters", []),
        )

    def close(self) -> None:
        """End the loop."""
        self._runner.close()
