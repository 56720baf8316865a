"""How many events a second ingest takes over HTTP, against an idiomatic FastAPI program in the same run.

Both validate and normalise each event and answer 200 after the broker's ack of all of them. With the rival kit, and the
load generator that it needs, its harness measures both; otherwise our own peer and our own load do.
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
from tests.bench.http_load import Counted, Wanted
from tests.bench.kit import run_kit
from tests.bench.processes import Meter, Started, Strangers
from tests.bench.rows import Row
from tests.bench.stacks import FOLDER, say, tell_strangers
from upswing.commands.keys import issue_key

__all__ = ["PEER", "Asked", "measure_ingest"]

PEER = "fastapi_idiomatic"
KIT_PEER = "fastapi_pydantic"
KIT_LOAD = "wrk"
PEER_APP = "tests.bench.peers.fastapi_ingest:app"
BATCH, CONNECTIONS = 100, 32
PARTITIONS = 4
WARM_UP_SECONDS = 2.0
START_SECONDS = 20.0
PATH = "/v1/batch"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. Shape: `kit` is the folder of the rival kit, None for our own peer. Units: in the names."""

    seconds: float
    runs: int
    kit: Path | None
    command: str


class Run(msgspec.Struct, frozen=True):
    """What one run gave. Units: in the names; CPU and memory are the service's, without broker and load."""

    events_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_s_per_1m: float
    rss_mb: float
    errors: int


class Service(msgspec.Struct, frozen=True):
    """A service under load."""

    url: str
    write_key: str
    pid: int


async def measure_ingest(stack: LocalStack, asked: Asked) -> list[Row]:
    """Return the rows of the comparison. Errors: `RuntimeError` when a service cannot be measured."""
    _, write_key = issue_key(IngestSettings(data=stack.settings.data).keys_path, "bench")
    await stack.start_services("ingest")
    pid = stack.supervisor.pid("ingest")
    assert pid
    ours = Service(f"{stack.settings.url('ingest')}{PATH}", write_key, pid)
    strangers = Strangers()
    try:
        own, peer = await _contest(stack.bootstrap, ours, asked)
        others = strangers.cores()
    finally:
        await stack.supervisor.stop("ingest")
    tell_strangers("ingest", others)
    for name, run in (("ingest", own), (PEER, peer)):
        if run.errors:
            say(f"ingest: {name} did not take {run.errors} requests")
    return [*_rows(own, peer, asked), _others(others, asked)]


async def _contest(bootstrap: str, ours: Service, asked: Asked) -> tuple[Run, Run]:
    if asked.kit is not None and shutil.which(KIT_LOAD):
        return await _by_the_kit(bootstrap, ours, asked)
    if asked.kit is not None:
        say(f"ingest: {KIT_LOAD}, which the kit needs, is not installed: our own peer and load are used")
    return await _by_ourselves(bootstrap, ours, asked)


def _rows(own: Run, peer: Run, asked: Asked) -> list[Row]:
    ratio = own.events_per_s / peer.events_per_s

    def row(name: str, value: float, unit: str, ratio: float | None) -> Row:
        return Row(name=f"ingest.{name}", value=value, unit=unit, peer=PEER, ratio=ratio, command=asked.command)

    return [
        row("vs_fastapi_idiomatic", ratio, "times", ratio),
        row("events_per_s", own.events_per_s, "events/s", ratio),
        row("p50_ms", own.p50_ms, "ms", own.p50_ms / peer.p50_ms),
        row("p99_ms", own.p99_ms, "ms", own.p99_ms / peer.p99_ms),
        row("cpu_s_per_1m", own.cpu_s_per_1m, "s", own.cpu_s_per_1m / peer.cpu_s_per_1m),
        row("rss_mb", own.rss_mb, "MB", own.rss_mb / peer.rss_mb),
        Row(name=f"{PEER}.events_per_s", value=peer.events_per_s, unit="events/s", command=asked.command),
        Row(name=f"{PEER}.p99_ms", value=peer.p99_ms, unit="ms", command=asked.command),
    ]


def _others(cores: float, asked: Asked) -> Row:
    return Row(name="ingest.others_cores", value=cores, unit="cores", command=asked.command)


async def _by_ourselves(bootstrap: str, ours: Service, asked: Asked) -> tuple[Run, Run]:
    runs: dict[str, list[Run]] = {"own": [], PEER: []}
    async with _peer(bootstrap) as peer:
        services = {"own": ours, PEER: peer}
        for service in services.values():
            await _load(service, WARM_UP_SECONDS)
        for turn in range(1, asked.runs + 1):
            for name, service in services.items():
                runs[name].append(await _run_once(service, asked.seconds))
                say(f"ingest: run {turn}/{asked.runs} {name}: {runs[name][-1].events_per_s:,.0f} events/s")
    return _middle(runs["own"]), _middle(runs[PEER])


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


async def _load(service: Service, seconds: float) -> Counted:
    """Send from another process, so that the load's work does not slow down what watches it."""
    wanted = Wanted(url=service.url, write_key=service.write_key, batch=BATCH, connections=CONNECTIONS, seconds=seconds)
    pipe = asyncio.subprocess.PIPE
    load = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.http_load", stdin=pipe, stdout=pipe)
    output, _ = await load.communicate(msgspec.json.encode(wanted))
    if load.returncode:
        raise RuntimeError(f"the load on {service.url} ended with code {load.returncode}")
    counted = msgspec.json.decode(output, type=Counted)
    if not counted.requests:
        raise RuntimeError(f"{service.url} took no request: {counted.first_error}")
    return counted


async def _run_once(service: Service, seconds: float) -> Run:
    usage = Meter({"service": service.pid})
    counted = await _load(service, seconds)
    usage.read()
    events = counted.requests * BATCH
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


async def _by_the_kit(bootstrap: str, ours: Service, asked: Asked) -> tuple[Run, Run]:
    """Let the kit's own harness run its peer and our service; it counts the ids in the topics."""
    assert asked.kit
    result = await run_kit(
        asked.kit,
        "ingest.py",
        *("--broker", bootstrap, "--peers", KIT_PEER, "--runs", str(asked.runs)),
        *("--url", ours.url, "--key", ours.write_key, "--topic", EVENTS.name, "--pid", str(ours.pid)),
        *("--batches", str(BATCH), "--connections", str(CONNECTIONS), "--seconds", str(max(1, round(asked.seconds)))),
    )
    rows = {row["server"]: row for row in result["rows"]}
    missing = {"own", KIT_PEER} - rows.keys()
    if missing:
        raise RuntimeError(f"the kit could not measure {', '.join(sorted(missing))}: see above")
    return _kit_run(rows["own"]), _kit_run(rows[KIT_PEER])


def _kit_run(row: dict[str, Any]) -> Run:
    return Run(
        events_per_s=row["events_per_s"],
        p50_ms=row["p50_ms"],
        p99_ms=row["p99_ms"],
        cpu_s_per_1m=row["cpu_s_per_1m"],
        rss_mb=row["peak_rss_mb"],
        errors=row["errors"] + (row["all_in_topic"] is False),
    )
