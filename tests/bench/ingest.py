"""How many events a second ingest takes over HTTP, against an idiomatic FastAPI program and one in Go in the same run.

Ours runs once in one process, as FastAPI's does, and once in as many on one port as there are cores, all of which Go
uses. All validate and normalise each event and answer 200 after the broker's ack of all of them. With the rival kit,
and the load generator that it needs, its harness measures them; otherwise our own peer and our own load, without Go.
"""

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from deploy.local.ports import free_port, is_free
from deploy.local.stack import LocalStack
from services.ingest.settings import Settings as IngestSettings
from shared.io.kafka import ensure_topics
from shared.kernel.topics import EVENTS, Topic
from tests.bench.http_load import Counted, Wanted, run_load
from tests.bench.ingest_group import PATH, Service, ingest_group
from tests.bench.ingest_limits import limit_rows, measure_frozen
from tests.bench.ingest_rows import GO_PEER, ONE, OWN, PEER, Run, Runs, rows_of
from tests.bench.kit import run_kit
from tests.bench.processes import Meter, Started, Strangers
from tests.bench.rows import Row
from tests.bench.single import measure_single
from tests.bench.stacks import FOLDER, say, tell_strangers
from upswing.commands.keys import issue_key

__all__ = ["PARTITIONS", "PEER", "Asked", "measure_ingest"]

KIT_PEERS = {"fastapi_pydantic": PEER, "go_franz": GO_PEER}
KIT_LOAD, GO_TOOL = "wrk", "go"
PEER_APP = "tests.bench.peers.fastapi_ingest:app"
BATCHES, CONNECTIONS = (20, 200), 32
PARTITIONS = 4  # as many as the kit's peers have
WARM_UP_SECONDS = 2.0
START_SECONDS = 20.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. Shape: `kit` is the folder of the rival kit, None for our own peer. Units: in the names."""

    seconds: float
    runs: int
    frozen_seconds: float
    processes: int
    kit: Path | None
    command: str


async def measure_ingest(stack: LocalStack, asked: Asked) -> list[Row]:
    """Return the rows of the comparison and of the limits. Errors: `RuntimeError` when something cannot be measured."""
    _, write_key = issue_key(IngestSettings(data=stack.settings.data).keys_path, "bench")
    strangers = Strangers()
    runs: Runs = {}
    async with ingest_group(stack, write_key, 1) as alone:
        limits = await measure_single(alone, asked.seconds)  # first: the floods below leave the disk much to write
        runs[ONE] = (await _contest(stack.bootstrap, alone, asked, against_peers=False))[OWN]
    async with ingest_group(stack, write_key, asked.processes) as ours:
        runs |= await _contest(stack.bootstrap, ours, asked, against_peers=True)
        limits |= await measure_frozen(stack, ours, asked.frozen_seconds)
    others = strangers.cores()
    tell_strangers("ingest", others)
    for name, by_size in runs.items():
        for size, run in by_size.items():
            if run.errors:
                say(f"ingest: {name} did not take {run.errors} requests at {size} a batch")
    counts = {"others_cores": (others, "cores"), "processes": (asked.processes, "processes")}
    return [
        *rows_of(runs, asked.processes, asked.command),
        *limit_rows(limits, asked.command),
        *(
            Row(name=f"ingest.{name}", value=value, unit=unit, command=asked.command)
            for name, (value, unit) in counts.items()
        ),
    ]


async def _contest(bootstrap: str, ours: Service, asked: Asked, *, against_peers: bool) -> Runs:
    if asked.kit is not None and shutil.which(KIT_LOAD):
        return await _by_the_kit(bootstrap, ours, asked, KIT_PEERS if against_peers else {})
    if asked.kit is not None:
        say(f"ingest: {KIT_LOAD}, which the kit needs, is not installed: our own peer and load are used")
    async with contextlib.AsyncExitStack() as opened:
        services = {OWN: ours}
        if against_peers:
            services[PEER] = await opened.enter_async_context(_peer(bootstrap))
        return await _by_ourselves(services, asked)


async def _by_ourselves(services: dict[str, Service], asked: Asked) -> Runs:
    runs: Runs = {name: {} for name in services}
    for size in BATCHES:
        each: dict[str, list[Run]] = {name: [] for name in services}
        for service in services.values():
            await _load(service, size, WARM_UP_SECONDS)
        for turn in range(1, asked.runs + 1):
            for name, service in services.items():
                each[name].append(await _run_once(service, size, asked.seconds))
                rate = each[name][-1].events_per_s
                say(f"ingest: batch {size} run {turn}/{asked.runs} {name}: {rate:,.0f} events/s")
        for name in services:
            runs[name][size] = _middle(each[name])
    return runs


@contextlib.asynccontextmanager
async def _peer(bootstrap: str) -> AsyncIterator[Service]:
    await ensure_topics(bootstrap, PARTITIONS, topics=[Topic("bench.fastapi", "events of a peer", {})])
    port, key = free_port(), "bench-key"
    command = [
        *(sys.executable, "-m", "uvicorn", PEER_APP, "--port", str(port), "--no-access-log"),
        *("--loop", "uvloop", "--http", "httptools", "--log-level", "warning"),
    ]
    environment = {"BROKER": bootstrap, "TOPIC": "bench.fastapi", "WRITE_KEY": key}
    program = Started(command, environment, FOLDER / "logs" / f"{PEER}.log")
    try:
        deadline = time.monotonic() + START_SECONDS
        while is_free(port):
            program.check()
            if time.monotonic() > deadline:
                raise RuntimeError(f"{PEER} does not listen: {program.last_words()}")
            await asyncio.sleep(0.1)
        yield Service(f"http://127.0.0.1:{port}{PATH}", key, program.process.pid)
    finally:
        await asyncio.to_thread(program.stop)


async def _load(service: Service, size: int, seconds: float) -> Counted:
    wanted = Wanted(url=service.url, write_key=service.write_key, batch=size, connections=CONNECTIONS, seconds=seconds)
    counted = await run_load(wanted)
    if not counted.requests:
        raise RuntimeError(f"{service.url} took no request: {counted.first_error}")
    return counted


async def _run_once(service: Service, size: int, seconds: float) -> Run:
    usage = Meter({"service": service.pid})
    counted = await _load(service, size, seconds)
    usage.read()
    events = counted.requests * size
    return Run(
        events_per_s=events / counted.seconds,
        p50_ms=counted.p50_ms,
        p99_ms=counted.p99_ms,
        cpu_s_per_1m=usage.cpu_seconds["service"] / events * 1e6,
        rss_mb=usage.rss_bytes["service"] / 1e6,
        errors=counted.errors,
    )


def _middle(runs: list[Run]) -> Run:
    figures = {name: median(getattr(run, name) for run in runs) for name in Run.__struct_fields__}
    return Run(**figures | {"errors": sum(run.errors for run in runs)})


async def _by_the_kit(bootstrap: str, ours: Service, asked: Asked, wanted: dict[str, str]) -> Runs:
    """Let the kit's own harness run its peers and our service; it counts the ids in the topics."""
    assert asked.kit
    peers = dict(wanted)
    if "go_franz" in peers and not shutil.which(GO_TOOL):
        say(f"ingest: {GO_TOOL} is not installed: the kit's {peers.pop(GO_PEER)} is left out")
    result = await run_kit(
        asked.kit,
        "ingest.py",
        *("--broker", bootstrap, "--peers", ",".join(peers), "--runs", str(asked.runs)),
        *("--url", ours.url, "--key", ours.write_key, "--topic", EVENTS.name, "--pid", str(ours.pid)),
        *("--batches", ",".join(map(str, BATCHES)), "--connections", str(CONNECTIONS)),
        *("--seconds", str(max(1, round(asked.seconds)))),
    )
    runs: Runs = {}
    for row in result["rows"]:
        name = peers.get(row["server"], row["server"])
        runs.setdefault(name, {})[row["batch"]] = _kit_run(row)
    missing = {OWN, *peers.values()} - runs.keys()
    if missing:
        raise RuntimeError(f"the kit could not measure {', '.join(sorted(missing))}: see above")
    return {name: runs[name] for name in (OWN, *peers.values())}


def _kit_run(row: dict[str, Any]) -> Run:
    return Run(
        events_per_s=row["events_per_s"],
        p50_ms=row["p50_ms"],
        p99_ms=row["p99_ms"],
        cpu_s_per_1m=row["cpu_s_per_1m"],
        rss_mb=row["peak_rss_mb"],
        errors=row["errors"] + (row["all_in_topic"] is False),
    )
