"""The whole product as a test works with it: post, ask, wait, kill, and what every receiver got."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from deploy.local.stack import LocalStack
from shared.io.kafka import make_producer
from shared.io.playbooks import read_playbook
from shared.kernel.clock import DAY_MS
from shared.kernel.dead_letters import DeadLetter, decode_letter
from shared.kernel.topics import DEAD_LETTERS, EVENTS, SNAPSHOTS, TRIGGERS, Topic
from shared.kernel.triggers import Trigger, decode_trigger
from tests.support.e2e.customers import Customer, past
from tests.support.notify import TOKEN
from tests.support.receivers import Mailbox, Slack
from upswing.history.calls import in_order
from upswing.history.controls import LogControls
from upswing.history.player import play
from upswing.history.sender import SegmentSender
from upswing.trace.logbook import Logbook

__all__ = ["Stand"]

PATIENCE_SECONDS = 180.0
LOOK_SECONDS = 0.1
GROUPS = (
    ("signals", EVENTS.name),
    ("pipeline-triggers", TRIGGERS.name),
    ("pipeline-accounts", SNAPSHOTS.name),
    ("notify", TRIGGERS.name),
)
UNDER_WAY = ("pending", "sending", "unknown")


class Stand:
    """A running product. Shape: `api` asks the pipeline, `notify` asks notify, both with their tokens."""

    def __init__(self, stack: LocalStack, slack: Slack, mailbox: Mailbox, write_key: str, token: str) -> None:
        self.stack, self.slack, self.mailbox, self.write_key = stack, slack, mailbox, write_key
        self.api = _client(stack.settings.url("pipeline"), token)
        self.notify = _client(stack.settings.url("notify"), TOKEN)
        self.ingest = httpx.AsyncClient(
            base_url=stack.settings.url("ingest"), auth=(write_key, ""), trust_env=False, timeout=30
        )
        self.playbook = read_playbook(stack.settings.playbook)

    async def post(self, *messages: dict[str, Any]) -> dict[str, Any]:
        """Post a batch in the Segment dialect and return the answer, which must be 200."""
        answer = await self.ingest.post("/v1/batch", json={"batch": messages})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def deliver(self, *messages: dict[str, Any]) -> None:
        """Post a batch again and again until it is answered 200, as a client does that wants nothing to be lost."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await self.ingest.post("/v1/batch", json={"batch": messages})
                    if answer.status_code == 200:
                        return
                    assert answer.status_code == 503, answer.text
                await asyncio.sleep(LOOK_SECONDS)

    async def load_past(self, customers: Iterable[Customer]) -> None:
        """Play the past of accounts through the published SDK, under the clock of history, and hand over to now."""
        midnight_ms = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
        calls = in_order([call for one in customers for call in past(one, self.playbook, midnight_ms // DAY_MS)])
        sender = SegmentSender(self.stack.settings.url("ingest"), self.write_key)
        async with LogControls(self.stack.bootstrap) as controls:
            await play(calls, sender, controls, until_ms=midnight_ms, step_ms=DAY_MS, told=lambda _sent: None)
            await controls.end(midnight_ms)
        await asyncio.to_thread(sender.close)

    async def get(self, path: str, **params: str) -> Any:
        """Return what the pipeline answers."""
        answer = await self.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def leads(self, account_id: str) -> list[dict[str, Any]]:
        """Return the leads of an account, each with its evidence."""
        listed = (await self.get("/v1/csqls", account_id=account_id))["items"]
        return [await self.get(f"/v1/csqls/{row['csql_id']}") for row in listed]

    async def triggers(self) -> Counter[tuple[str, str, str]]:
        """Return (account, trigger id, record) of all triggers that were written, with how often."""
        return Counter((t.account_id, t.trigger_id, t.record) for t in await self.trigger_records())

    async def trigger_records(self) -> list[Trigger]:
        """Return the records on `expansion.triggers`."""
        return [decode_trigger(record.value) for record in await self.records(TRIGGERS)]

    async def letters(self) -> list[DeadLetter]:
        """Return the records on `dead.letters`."""
        return [decode_letter(record.value) for record in await self.records(DEAD_LETTERS)]

    async def records(self, topic: Topic) -> list[Any]:
        """Return all that a topic holds now."""
        async with Logbook(self.stack.bootstrap) as book:
            return [record async for record in book.read(topic.name, await book.partitions(topic.name), 0)]

    async def write(self, partition: int, key: str, *values: bytes | None) -> None:
        """Write values straight to a partition of the log, as a direct producer may."""
        producer = make_producer(self.stack.bootstrap, linger_ms=0)
        await producer.start()
        try:
            for value in values:
                await producer.send_and_wait(EVENTS.name, value, key=key.encode(), partition=partition)
        finally:
            await producer.stop()

    def posts(self, trigger_id: str) -> list[dict[str, Any]]:
        """Return what the Slack receiver got about a trigger."""
        return [post for post in self.slack.posts if trigger_id in msgspec.json.encode(post).decode()]

    async def quiet(self) -> None:
        """Return when everything that was sent has had all its effects."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while under_way := await self._under_way():
            assert time.monotonic() < deadline, f"not through after {PATIENCE_SECONDS:.0f} s: {under_way}"
            await asyncio.sleep(LOOK_SECONDS)

    async def until(self, true: Callable[[], Awaitable[object]], what: str) -> None:
        """Return when something has become true. Errors: `AssertionError` saying what was waited for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await true():
            assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s for {what}"
            await asyncio.sleep(LOOK_SECONDS)

    async def kill(self, service: str) -> None:
        """End a service with kill -9; the supervisor starts it again."""
        pid = self.stack.supervisor.pid(service)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await self.until(lambda: _true(self.stack.supervisor.pid(service) != pid), f"{service} to be gone")

    async def readiness(self, service: str) -> httpx.Response | None:
        """Return the answer of `/readyz`, None when there is none."""
        try:
            return await self.ingest.get(f"{self.stack.settings.url(service)}/readyz", auth=None)
        except httpx.TransportError:
            return None

    async def until_ready(self, service: str) -> None:
        """Return when a service can do its work."""

        async def ready() -> bool:
            answer = await self.readiness(service)
            return answer is not None and answer.status_code == 200

        await self.until(ready, f"{service} to be ready")

    async def upswing(self, *words: str) -> str:
        """Run a command as a person does, and return what it prints; it must succeed."""
        done = await asyncio.to_thread(_run, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def trace(self, event_id: str) -> str:
        """Return what `upswing trace` tells of an event."""
        settings = self.stack.settings
        return await self.upswing(
            "trace", event_id, "--kafka", settings.bootstrap, "--notify", settings.url("notify"), "--data",
            str(settings.data),
        )  # fmt: skip

    async def _under_way(self) -> str:
        """Return what is not through yet, in words; empty when all is."""
        async with Logbook(self.stack.bootstrap) as book:
            for group, topic in GROUPS:
                for partition, end in (await book.ends(topic)).items():
                    done = await book.committed(group, topic, partition)
                    if done < end:
                        return f"{group} is at {done} of {end} in {topic}/{partition}"
        for state in UNDER_WAY:
            answer = await self.notify.get("/v1/deliveries", params={"state": state})
            if answer.status_code != httpx.codes.OK or answer.json()["deliveries"]:
                return f"deliveries that are {state}: {answer.text}"
        return ""


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [Path(sys.executable).with_name("upswing"), *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def _client(url: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE_SECONDS
    )


async def _true(value: object) -> object:
    return value
