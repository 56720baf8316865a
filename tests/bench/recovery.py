"""How soon a signals worker is ready again: with its local store (warm), and without it, from the changelog (cold).

The state is made by the service itself from a log of 100,000 accounts, two pages each and more. The clock runs from the
start of the process until `/readyz` says 200, so Python, Faust and the group's assignment are in it. Warm is kill -9
and a start under the same name: with static membership the group does not notice.
"""

import asyncio
import random
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

import msgspec

from deploy.local.ports import free_port
from shared.io.kafka import ensure_topics, make_producer
from shared.kernel.clock import DAY_MS
from shared.kernel.ids import partition_for
from shared.kernel.topics import EVENTS, LOCAL_PARTITIONS
from tests.bench.processes import Started, Strangers
from tests.bench.rows import Row
from tests.bench.stacks import FOLDER, say, tell_strangers, until_caught_up

__all__ = ["Asked", "measure_recovery"]

COMMAND = (sys.executable, "-m", "upswing", "signals")
PREFIX = "recovery."
PACK_EVENTS = 500
FOLD_SECONDS, READY_SECONDS = 600.0, 300.0
LOOK_SECONDS = 0.02
BEGIN_MS = 20_500 * DAY_MS
USERS = 3
RESTORED = "upswing_signals_restored_pages_total"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure: how many accounts, and how often."""

    accounts: int
    runs: int
    command: str


async def measure_recovery(bootstrap: str, asked: Asked) -> list[Row]:
    """Return the times until a worker is ready. Errors: `RuntimeError` when it does not get there."""
    folder = FOLDER / "recovery" / "store"
    shutil.rmtree(folder, ignore_errors=True)
    await ensure_topics(bootstrap, LOCAL_PARTITIONS, prefix=PREFIX)
    await _write_log(bootstrap, asked.accounts)
    worker = _Worker(bootstrap, folder)
    await worker.ready()
    await until_caught_up(bootstrap, [(f"{PREFIX}signals", PREFIX + EVENTS.name)], LOCAL_PARTITIONS, FOLD_SECONDS)
    strangers = Strangers()
    warm, cold, pages = [], [], 0.0
    for run in range(asked.runs):
        worker.end(signal.SIGKILL)
        warm.append(await worker.ready())
        worker.end(signal.SIGTERM)
        shutil.rmtree(folder)
        cold.append(await worker.ready())
        pages = worker.restored()
        say(f"recovery: run {run + 1}/{asked.runs}: warm {warm[-1]:.2f} s, cold {cold[-1]:.2f} s, {pages:,.0f} pages")
    worker.end(signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)
    others = strangers.cores()
    tell_strangers("recovery", others)

    def row(name: str, value: float, unit: str) -> Row:
        return Row(name=f"signals.recovery_{name}", value=value, unit=unit, command=asked.command)

    return [
        row("cold_s", median(cold), "s"),
        row("warm_s", median(warm), "s"),
        row("pages", pages, "pages"),
        row("pages_per_s", pages / median(cold), "pages/s"),
        row("others_cores", others, "cores"),
    ]


async def _write_log(bootstrap: str, accounts: int) -> None:
    """Append the facts and some activity of each account, packed by partition."""
    say(f"recovery: writing the log of {accounts:,} accounts")
    chance = random.Random(1)  # noqa: S311 - made-up
    packs: list[list[bytes]] = [[] for _ in range(LOCAL_PARTITIONS)]
    producer = make_producer(bootstrap, linger_ms=20)
    await producer.start()
    try:
        for number in range(accounts):
            name = f"account-{number}"
            place = partition_for(name, LOCAL_PARTITIONS)
            packs[place] += _events(name, chance)
            if len(packs[place]) >= PACK_EVENTS:
                await producer.send(PREFIX + EVENTS.name, b"\n".join(packs[place]), partition=place)
                packs[place] = []
        for place, pack in enumerate(packs):
            await producer.send(PREFIX + EVENTS.name, b"\n".join(pack), partition=place)
        await producer.flush()
    finally:
        await producer.stop()


def _events(name: str, chance: random.Random) -> list[bytes]:
    at = BEGIN_MS + chance.randrange(DAY_MS)
    common = {"account_id": name, "source": "bench", "occurred_at": at, "received_at": at}
    facts = {"name": name, "plan": "Growth", "seats": chance.randrange(3, 50), "mrr": 900, "onboarded_at": "2025-06-01"}
    lines: list[dict[str, object]] = [{"type": "account.updated", "id": f"{name}/f", "properties": facts, **common}]
    for user in range(USERS):
        who = {"user_id": f"user-{user}@{name}.example.com", **common}
        lines.append(
            {"type": "feature.used", "id": f"{name}/{user}", "properties": {"feature": "dashboards"}, **who},
        )
    return [msgspec.json.encode(line) for line in lines]


class _Worker:
    """The service, started again and again under one name."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._port = free_port()
        self._environment = {
            "UPSWING_SIGNALS_KAFKA": bootstrap,
            "UPSWING_SIGNALS_TOPIC_PREFIX": PREFIX,
            "UPSWING_SIGNALS_INSTANCE": "bench",
            "UPSWING_SIGNALS_DATADIR": str(folder),
            "UPSWING_SIGNALS_PORT": str(self._port),
            "UPSWING_SIGNALS_TICKER": "false",
            "UPSWING_SIGNALS_LOG_LEVEL": "warning",
        }
        self._program: Started | None = None

    async def ready(self) -> float:
        """Start it and return the seconds until it is ready."""
        began = time.monotonic()
        self._program = Started(COMMAND, self._environment, FOLDER / "logs" / "recovery.log")
        while not await asyncio.to_thread(self._is_ready):
            self._program.check()
            if time.monotonic() - began > READY_SECONDS:
                raise RuntimeError(f"not ready after {READY_SECONDS:g} s: {self._program.last_words()}")
            await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - began

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def restored(self) -> float:
        """Return how many records of the changelog it has restored."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{RESTORED} "))

    def end(self, how: signal.Signals) -> None:
        """End it."""
        assert self._program
        self._program.process.send_signal(how)
        self._program.stop()
