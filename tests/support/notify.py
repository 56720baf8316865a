"""What the tests of notify share: triggers, the topics, the settings, and the service itself."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaProducer

from deploy.local.ports import free_port
from services.notify.app import Service, open_service, prepare, run
from services.notify.settings import Settings
from shared.io.database import migrate
from shared.io.kafka import ensure_topics, make_consumer, make_producer
from shared.kernel.csql_changes import CsqlChange, encode_change
from shared.kernel.ids import trigger_id
from shared.kernel.topics import CSQL_CHANGES, DEAD_LETTERS, FACTS, PEOPLE, TRIGGERS
from shared.kernel.triggers import (
    Criterion,
    EstimatedAcv,
    Evidence,
    Gate,
    Health,
    Recommendation,
    Trigger,
    encode_trigger,
)

TOKEN = "a-token-for-the-tests"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW_MS = 1_790_000_000_000
PARTITIONS = 3
TOPICS = (TRIGGERS, CSQL_CHANGES, PEOPLE, FACTS, DEAD_LETTERS)


def make_trigger(account_id: str = "acme", **over: Any) -> Trigger:
    """Return a trigger of a made-up account; `decided_by`, `rule` and `level` make its id."""
    values: dict[str, Any] = {
        "record": "fired",
        "rule": "seat_saturation",
        "category": "usage",
        "kind": "expansion",
        "level": None,
        "scope": "active",
        "scope_type": "seats",
        "account_id": account_id,
        "account_name": "Acme & Sons <b>",
        "segment": "Mid-Market",
        "occurred_at": NOW_MS,
        "window_days": 7,
        "evidence": Evidence(92, 90, ">", "percent", summary="46 of 50 seats active in 7 days = 92 % (> 90 %)"),
        "gate": Gate(True, 100, 1.0, (Criterion("health", 80, 86, True, 1.0),)),
        "health": Health(86.0, {"usage": 91.0, "support": 80.0}),
        "recommendation": Recommendation("team_growth", "cs_led", "csm", ("slack",), "talk about growth", NOW_MS),
        "estimated_acv": EstimatedAcv(6_000, "EUR", "5 seats at €100 a month"),
        "playbook_version": "1",
        "decided_by": "app/e-1",
        "received_at": NOW_MS,
        "emitted_at": NOW_MS,
    } | over
    named = trigger_id(account_id, values["rule"], values["scope"], values["level"], values["decided_by"])
    return Trigger(**{"trigger_id": named} | values)


class Log:
    """The topics of one test, to write to."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer = producer
        self._prefix = prefix

    async def trigger(self, trigger: Trigger) -> None:
        """Write a trigger."""
        await self.raw(TRIGGERS.name, trigger.account_id, encode_trigger(trigger))

    async def change(self, change: CsqlChange) -> None:
        """Write a change of a lead."""
        await self.raw(CSQL_CHANGES.name, change.account_id, encode_change(change))

    async def raw(self, topic: str, key: str, value: bytes | None) -> None:
        """Write anything."""
        await self._producer.send_and_wait(self._prefix + topic, value, key=key.encode())


@contextlib.asynccontextmanager
async def written_log(bootstrap: str, prefix: str) -> AsyncIterator[Log]:
    """Give the topics of a test."""
    await ensure_topics(bootstrap, PARTITIONS, 1, prefix, TOPICS)
    producer = make_producer(bootstrap)
    await producer.start()
    try:
        yield Log(producer, prefix)
    finally:
        await producer.stop()


def make_settings(bootstrap: str, prefix: str, database: str, **over: Any) -> Settings:
    """Return settings for a test: local receivers, short waits."""
    values: dict[str, Any] = {
        "kafka": bootstrap,
        "database": database,
        "topic_prefix": prefix,
        "port": free_port(),
        "api_token": TOKEN,
        "signing_secret": SIGNING_SECRET,
        "allow_local_urls": True,
        "slack_interval_ms": 0,
        "first_backoff_seconds": 0.05,
        "longest_backoff_seconds": 0.2,
        "poll_seconds": 0.1,
        "owner_seconds": 0.3,
        "send_seconds": 2.0,
        "lease_seconds": 4.0,
        "session_seconds": 6.0,
        "smtp_tls": "none",
    }
    return Settings(**values | over)


class Running:
    """A running notify: its parts, and a client of its API."""

    def __init__(self, service: Service, client: httpx.AsyncClient) -> None:
        self.service = service
        self.client = client

    async def deliveries(self, **filters: str) -> list[dict[str, Any]]:
        """Return the delivery log, oldest first."""
        answer = await self.client.get("/v1/deliveries", params={"limit": "200"} | filters)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["deliveries"]
        return rows[::-1]

    async def wait_deliveries(
        self, accept: Callable[[list[dict[str, Any]]], bool], seconds: float = 20, **filters: str
    ) -> list[dict[str, Any]]:
        """Return the delivery log as soon as it is as wanted."""
        async with asyncio.timeout(seconds):
            while not accept(rows := await self.deliveries(**filters)):
                await asyncio.sleep(0.03)
        return rows


@contextlib.asynccontextmanager
async def running(settings: Settings, *, migrated: bool = False) -> AsyncIterator[Running]:
    """Give a running notify with its database migrated, ready."""
    if not migrated:
        await migrate("notify", settings.database)
    stopping = asyncio.Event()
    with socket.create_server(("127.0.0.1", settings.port)) as listener:
        async with open_service(settings) as service:
            await prepare(service)
            task = asyncio.create_task(run(service, listener, stopping))
            headers = {"Authorization": f"Bearer {TOKEN}"}
            address = f"http://127.0.0.1:{settings.port}"
            async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
                try:
                    await _wait_ready(client, task)
                    yield Running(service, client)
                finally:
                    stopping.set()
                    await task


async def _wait_ready(client: httpx.AsyncClient, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(30):
        while not task.done():
            answer = await client.get("/readyz")
            if answer.status_code == 200:
                return
            await asyncio.sleep(0.05)


def is_settled(rows: list[dict[str, Any]]) -> bool:
    """Return whether there is something, and nothing is under way."""
    return bool(rows) and not {row["state"] for row in rows} & {"pending", "sending", "unknown"}


def text_of(post: dict[str, Any]) -> str:
    """Return all that a post shows, as one text."""
    return msgspec.json.encode(post).decode()


async def read_all(bootstrap: str, topic: str, count: int, seconds: float = 20) -> list[dict[str, Any]]:
    """Return the first records of a topic, decoded."""
    consumer = make_consumer(bootstrap, None, topic)
    await consumer.start()
    try:
        async with asyncio.timeout(seconds):
            return [msgspec.json.decode((await consumer.getone()).value) for _number in range(count)]
    finally:
        await consumer.stop()
