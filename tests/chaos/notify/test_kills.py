"""kill -9 at every step of notify: no alert is missing, none comes twice; an answer that was lost may, marked so."""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.ports import free_port
from shared.io.database import migrate
from tests.support.broker import Broker
from tests.support.notify import TOKEN, Log, is_settled, make_trigger, text_of, written_log
from tests.support.receivers import Slack, slack_receiver

ROOT = Path(__file__).parents[3]
LAUNCHER = Path(__file__).with_name("launcher.py")
MOST_ACCOUNTS = 600
REPEAT = "Possible repeat"
WORKERS = 4  # so many may have been under way when it died

SURE = (
    "before_inbox_written",
    "after_inbox_written",
    "after_inbox_committed",
    "before_offsets_committed",
    "after_offsets_committed",
    "after_settled",
)
UNSURE = ("before_claimed", "before_posted", "after_posted", "before_settled")  # nobody knows whether the post has left


class Process:
    """notify as a process of its own."""

    def __init__(self, environment: dict[str, str], output: Path) -> None:
        self._environment = environment
        self._output = output
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, point: str = "none", passes: int = 0) -> None:
        """Start it, to die at a point."""
        with self._output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(LAUNCHER),
                point,
                str(passes),
                cwd=ROOT,
                env=dict(os.environ) | self._environment | {"PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=output,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def died(self) -> int:
        """Return the exit code once it has died."""
        assert self._process is not None
        async with asyncio.timeout(40):
            return await self._process.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, and return the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self.died()


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A receiver shaped like Slack."""
    async with slack_receiver() as receiver:
        yield receiver


@pytest.fixture
async def log(kafka: Broker, topic_prefix: str) -> AsyncIterator[Log]:
    """The topics of this test."""
    async with written_log(kafka.bootstrap, topic_prefix) as topics:
        yield topics


@pytest.fixture
async def environment(kafka: Broker, topic_prefix: str, database_url: str, slack: Slack) -> dict[str, str]:
    """The settings of the process."""
    await migrate("notify", database_url)
    settings = {
        "kafka": kafka.bootstrap,
        "database": database_url,
        "topic_prefix": topic_prefix,
        "instance": "chaos",
        "port": str(free_port()),
        "api_token": TOKEN,
        "slack_webhook_url": slack.hook,
        "account_url": "https://upswing.example.com/accounts/{account_id}",
        "slack_interval_ms": "0",
        "allow_local_urls": "true",
        "first_backoff_seconds": "0.05",
        "poll_seconds": "0.2",
        "send_seconds": "1",
        "lease_seconds": "2",
        "session_seconds": "6",
        "log_level": "error",
    }
    return {f"UPSWING_NOTIFY_{name}".upper(): value for name, value in settings.items()}


@pytest.fixture
async def process(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Process]:
    """Notify as a process of its own; it does not outlive the test."""
    notify = Process(environment, tmp_path / "notify.log")
    yield notify
    if notify.alive:
        await notify.stop(signal.SIGKILL)


async def settled_log(environment: dict[str, str], count: int) -> list[dict[str, Any]]:
    """Return the delivery log once it holds so many decisions and nothing is under way."""
    address = f"http://127.0.0.1:{environment['UPSWING_NOTIFY_PORT']}/v1/deliveries"
    async with (
        asyncio.timeout(60),
        httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        while True:
            with contextlib.suppress(httpx.TransportError):
                rows: list[dict[str, Any]] = []
                cursor: str | None = ""
                while cursor is not None:
                    page = (
                        await client.get(address, params={"limit": "200"} | ({"cursor": cursor} if cursor else {}))
                    ).json()
                    rows += page.get("deliveries", [])
                    cursor = page.get("next_cursor")
                if len(rows) >= count and is_settled(rows):
                    return rows
            await asyncio.sleep(0.1)


def account_of(post: dict[str, Any]) -> str:
    """Return the account that a post is about."""
    return text_of(post).partition("/accounts/")[2].partition('"')[0]


@pytest.mark.parametrize("point", [*SURE, *UNSURE])
async def test_no_alert_is_missing_or_doubled_wherever_it_is_killed(
    process: Process, environment: dict[str, str], slack: Slack, log: Log, point: str
) -> None:
    """At its third pass through the step; what may have left is repeated once at most, and says so."""
    await process.start(point, 3)
    written = 0
    while process.alive:
        await log.trigger(make_trigger(f"account-{written}"))
        written += 1
        await asyncio.sleep(0.15)
        assert written < MOST_ACCOUNTS
    assert await process.died() == -signal.SIGKILL
    await process.start()
    rows = await settled_log(environment, written)
    assert await process.stop() == 0

    assert len(rows) == written
    assert {row["state"] for row in rows} == {"sent"}
    unmarked = Counter(account_of(post) for post in slack.posts if REPEAT not in text_of(post))
    marked = Counter(account_of(post) for post in slack.posts if REPEAT in text_of(post))
    assert set(unmarked | marked) == {f"account-{number}" for number in range(written)}
    assert max(unmarked.values()) == 1
    assert max(marked.values(), default=0) <= 1
    repeated = unmarked & marked
    if point in {"after_posted", "before_settled"}:
        assert repeated
    if point in {"before_claimed", "before_posted"}:  # it had not left, and nobody could know
        assert marked - repeated
    assert sum(marked.values()) <= WORKERS


async def test_many_kills_at_random_lose_nothing_and_mark_each_repeat(
    process: Process, environment: dict[str, str], slack: Slack, log: Log
) -> None:
    """Seeded; the stream goes on meanwhile."""
    chance = random.Random(20260922)  # noqa: S311 - a seeded test
    kills, written = 12, 0
    for _kill in range(kills):
        await process.start(chance.choice([*SURE, *UNSURE]), chance.randint(1, 4))
        while process.alive:
            await log.trigger(make_trigger(f"account-{written}"))
            written += 1
            await asyncio.sleep(0.4)
            assert written < MOST_ACCOUNTS
        assert await process.died() == -signal.SIGKILL
    await process.start()
    rows = await settled_log(environment, written)
    assert await process.stop() == 0

    assert len(rows) == written
    unmarked = Counter(account_of(post) for post in slack.posts if REPEAT not in text_of(post))
    marked = Counter(account_of(post) for post in slack.posts if REPEAT in text_of(post))
    assert set(unmarked | marked) == {f"account-{number}" for number in range(written)}
    assert max(unmarked.values()) == 1
    assert sum(marked.values()) <= kills * WORKERS


async def test_a_stop_lets_what_is_being_sent_arrive(
    process: Process, environment: dict[str, str], slack: Slack, log: Log
) -> None:
    """SIGTERM in the middle of a post: it is finished and marked as sent, not left to be repeated."""
    slack.plan = [0.6]
    await process.start()
    await log.trigger(make_trigger())
    while slack.plan:
        await asyncio.sleep(0.01)
    assert await process.stop() == 0
    await process.start()
    (row,) = await settled_log(environment, 1)
    await process.stop()
    assert (row["state"], row["attempts"], row["marks"], len(slack.posts)) == ("sent", 1, [], 1)
