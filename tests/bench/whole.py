"""What signals does with the whole playbook on, on one core, and how its memory grows: rows of `make bench`.

The service runs as it does from end to end, with its own settings, over a log of `mixture`. Its answer is held against
the fold in this process, which reads the same records one at a time.
"""

import sys
import urllib.request
from collections.abc import Iterator
from random import Random

import msgspec
import psutil

from deploy.local.ports import free_port
from services.signals.core.engine import Engine
from shared.io.kafka import ensure_topics, make_producer
from shared.io.playbooks import read_playbook
from shared.kernel.ids import partition_for
from shared.kernel.topics import TRIGGERS, Topic
from tests.bench.contest import LINGER_MS, PACK_BYTES, PACK_EVENTS, PARTITIONS, Contestant, Run, middle, run_once
from tests.bench.encode import line
from tests.bench.job import Job
from tests.bench.mixture import SEED, lines, uniform
from tests.bench.own_signals import ROOT
from tests.bench.processes import Strangers
from tests.bench.rows import Row
from tests.bench.stacks import say, tell_strangers
from tests.oracle.adapters import Pages

__all__ = ["Asked", "measure_whole", "records"]

WHO = Contestant("whole", (sys.executable, "-m", "tests.bench.own_whole"), line, packed=True)
TOPIC = "bench.whole"
STAGES = {
    "snapshots_and_triggers": ("outputs",),
    "pages_sent": ("changelog",),
    "pages_stored": ("store",),
    "offsets": ("ownership", "offsets"),
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure."""

    events: int
    accounts: int
    runs: int
    command: str


def records(events: int, accounts: int) -> Iterator[tuple[int, bytes]]:
    """Yield the log: records of up to 500 events of a partition, each with its partition."""
    rng = Random(SEED)  # noqa: S311 - made-up input, no secret
    packs: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    sizes = [0] * PARTITIONS
    places: dict[str, int] = {}
    for account, raw in lines(events, accounts, uniform(accounts, rng), rng):
        place = places.get(account)
        if place is None:
            place = places[account] = partition_for(account, PARTITIONS)
        packs[place].append(raw)
        sizes[place] += len(raw) + 1
        if len(packs[place]) == PACK_EVENTS or sizes[place] > PACK_BYTES:
            yield place, b"\n".join(packs[place])
            packs[place], sizes[place] = [], 0
    yield from ((place, b"\n".join(pack)) for place, pack in enumerate(packs) if pack)


async def measure_whole(bootstrap: str, asked: Asked) -> list[Row]:
    """Return the rows. Errors: `RuntimeError` when the service cannot be run."""
    say(f"signals, whole playbook: loading {asked.events:,} events of {asked.accounts:,} accounts")
    strangers = Strangers()
    await ensure_topics(bootstrap, PARTITIONS, topics=[Topic(TOPIC, "events of a comparison", {})])
    producer = make_producer(bootstrap, linger_ms=LINGER_MS)
    await producer.start()
    try:
        for place, value in records(asked.events, asked.accounts):
            await producer.send(TOPIC, value, partition=place)
        await producer.flush()
    finally:
        await producer.stop()
    say("signals, whole playbook: folding the same in this process, one record at a time")
    expected, state_bytes = _fold(asked)
    runs: list[Run] = []
    costs: list[dict[str, float]] = []
    for turn in range(1, asked.runs + 1):
        port = free_port()
        given = {"PORT": str(port), "CORE": str(_last_core())}
        job = Job(asked.events, asked.accounts, 0)
        run = await run_once(
            bootstrap, TOPIC, job, WHO, expected, given=given, before_stop=lambda port=port: costs.append(_costs(port))
        )
        runs.append(run)
        say(f"signals, whole playbook: run {turn}/{asked.runs}: {run.events_per_s:,.0f} events/s")
    others = strangers.cores()
    tell_strangers("signals, whole playbook", others)
    return _rows(middle(runs), costs, state_bytes, others, asked)


def _fold(asked: Asked) -> tuple[frozenset[tuple[str, str]], int]:
    """Return which (account, rule) the log decides, and how many bytes its state has, by folding it here."""
    playbook = read_playbook(ROOT / "playbooks" / "default.yaml")
    stores = [Pages() for _ in range(PARTITIONS)]
    engines = [Engine(n, PARTITIONS, "bench", False, playbook, store) for n, store in enumerate(stores)]
    found: set[tuple[str, str]] = set()
    for number, (place, value) in enumerate(records(asked.events, asked.accounts)):
        engine = engines[place]
        engine.fold(engine.offset + 1, value, 0)
        for output in engine.take_outputs():
            if output.topic.name == TRIGGERS.name:
                said = msgspec.json.decode(output.value, type=_Said)
                found.add((said.account_id, said.rule))
        if number % 200 == 0:
            for part, store in zip(engines, stores, strict=True):
                for group in part.take_dirty():
                    store.apply(group)
    for part, store in zip(engines, stores, strict=True):
        for group in part.take_dirty():
            store.apply(group)
    return frozenset(found), sum(len(key) + len(value) for store in stores for key, value in store.scan(b""))


class _Said(msgspec.Struct):
    account_id: str
    rule: str


def _last_core() -> str:
    """Return the core to stay on: the last one, for brokers and clients like the first."""
    cores = psutil.Process().cpu_affinity() if hasattr(psutil.Process, "cpu_affinity") else None
    return str(cores[-1]) if cores and len(cores) > 1 else ""


def _costs(port: int) -> dict[str, float]:
    """Return the seconds that the service says its parts took."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    values = dict(row.rsplit(" ", 1) for row in text.splitlines() if row and row[0] != "#")
    flush = "upswing_signals_flush_seconds_sum"
    found = {"fold": float(values["upswing_signals_fold_seconds_sum"])}
    for part, stages in STAGES.items():
        found[part] = sum(float(values.get(f'{flush}{{stage="{stage}"}}', 0)) for stage in stages)
    return found


def _rows(run: Run, costs: list[dict[str, float]], state_bytes: int, others: float, asked: Asked) -> list[Row]:
    def row(name: str, value: float, unit: str) -> Row:
        return Row(name=f"signals.{name}", value=value, unit=unit, command=asked.command)

    each = {part: sum(one[part] for one in costs) / len(costs) for part in costs[0]}
    users = sum(30 + number % 21 for number in range(asked.accounts))
    return [
        row("whole_playbook_events_s", run.events_per_s, "events/s"),
        row("whole_playbook_cpu_s_per_1m", run.cpu_s_per_1m, "s"),
        row("whole_playbook_rss_mb", run.rss_mb, "MB"),
        row("whole_playbook_rss_growth_percent", (run.rss_mb / run.early_rss_mb - 1) * 100, "%"),
        row("whole_playbook_wrong_answers", run.missing + run.extra, "triggers"),
        *(row(f"whole_playbook_{part}_us", took / asked.events * 1e6, "us/event") for part, took in each.items()),
        row("state_bytes_per_account", state_bytes / asked.accounts, "bytes"),
        row("state_bytes_per_user", state_bytes / users, "bytes"),
        row("whole_playbook_others_cores", others, "cores"),
    ]
