"""One run of one contestant: from its first event until its group has committed everything, then its answer.

Runs take turns, so that a slow minute hits all. Each has a fresh group, output topic and folder.
"""

import asyncio
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from statistics import median

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from shared.io.kafka import ensure_topics, make_consumer, make_producer
from shared.kernel.ids import partition_for
from shared.kernel.topics import Topic
from tests.bench.encode import SEATS, Event
from tests.bench.job import GATED, Job, events
from tests.bench.processes import Meter, Started
from tests.bench.stacks import FOLDER, Progress

__all__ = ["PARTITIONS", "Contestant", "Run", "load", "middle", "packed", "run_once", "singly"]

PARTITIONS = 4
PACK_EVENTS = 500
PACK_BYTES = 900_000
LINGER_MS = 20
QUEUED = 20_000
LOOK_SECONDS = 0.05
RUN_SECONDS = 1_800.0
EARLY_SHARE = 0.25
SILENT_MS = 500

Encoder = Callable[[Event], bytes]


class Contestant(msgspec.Struct, frozen=True):
    """A processor. Shape: `packed` ones read many events a record, without a key; the others one, keyed by account."""

    name: str
    command: tuple[str, ...]
    encoder: Encoder
    packed: bool


class Run(msgspec.Struct, frozen=True):
    """What one run gave. Units: in the names."""

    events_per_s: float
    seconds: float
    cpu_s_per_1m: float
    rss_mb: float
    missing: int
    extra: int
    early_rss_mb: float = 0.0  # when a quarter of the events was through


def middle(runs: list[Run]) -> Run:
    """Return the medians of some runs, and the sums of what was wrong."""
    figures = {name: median(getattr(run, name) for run in runs) for name in Run.__struct_fields__}
    wrong = {name: sum(getattr(run, name) for run in runs) for name in ("missing", "extra")}
    return Run(**figures | wrong)


async def load(bootstrap: str, topic: str, job: Job, who: Contestant) -> None:
    """Fill a new topic with a job's events in a contestant's form."""
    await ensure_topics(bootstrap, PARTITIONS, topics=[Topic(topic, "events of a comparison", {})])
    producer = make_producer(bootstrap, linger_ms=LINGER_MS)
    await producer.start()
    try:
        await (_load_packed if who.packed else _load_single)(producer, topic, job, who.encoder)
        await producer.flush()
    finally:
        await producer.stop()


def packed(made: Iterable[Event], encoder: Encoder) -> Iterator[tuple[int, bytes]]:
    """Yield records of up to 500 events of a partition, each with its partition."""
    packs: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    place_of = lru_cache(maxsize=None)(partition_for)
    for event in made:
        place = place_of(event[1], PARTITIONS)
        packs[place].append(encoder(event))
        if len(packs[place]) == PACK_EVENTS:
            yield place, b"\n".join(packs[place])
            packs[place] = []
    yield from ((place, b"\n".join(pack)) for place, pack in enumerate(packs) if pack)


def singly(made: Iterable[Event], encoder: Encoder) -> Iterator[tuple[int, bytes]]:
    """Yield a record for each event, with its partition."""
    place_of = lru_cache(maxsize=None)(partition_for)
    for event in made:
        yield place_of(event[1], PARTITIONS), encoder(event)


async def _load_packed(producer: AIOKafkaProducer, topic: str, job: Job, encoder: Encoder) -> None:
    for place, value in packed(events(job.events, job.accounts), encoder):
        await producer.send(topic, value, partition=place)


async def _load_single(producer: AIOKafkaProducer, topic: str, job: Job, encoder: Encoder) -> None:
    for event in events(job.events, job.accounts):
        key = event[1].encode()
        await producer.send(topic, encoder(event), key=key, partition=partition_for(event[1], PARTITIONS))


async def run_once(
    bootstrap: str,
    topic: str,
    job: Job,
    who: Contestant,
    answer: frozenset[tuple[str, str]],
    *,
    given: Mapping[str, str] | None = None,
    before_stop: Callable[[], None] = lambda: None,
) -> Run:
    """Run a contestant over a topic, with more in its environment if `given`.

    Shape: `before_stop` is called when it is through and still runs.
    Errors: `RuntimeError` when it ends, or does not end, before its time.
    """
    group = f"bench-{who.name}-{secrets.token_hex(4)}"
    folder = FOLDER / "contest" / group
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    await ensure_topics(bootstrap, PARTITIONS, topics=[Topic(f"{group}.out", "triggers of a comparison", {})])
    environment = _environment(bootstrap, topic, group, folder, job) | dict(given or {})
    program = Started(who.command, environment, FOLDER / "logs" / f"{who.name}.log")
    try:
        seconds, usage, early = await _watch(bootstrap, program, group, topic)
        await asyncio.to_thread(before_stop)
    finally:
        await asyncio.to_thread(program.stop)
        shutil.rmtree(folder, ignore_errors=True)
    found = await _answer(bootstrap, f"{group}.out")
    return Run(
        events_per_s=job.events / seconds,
        seconds=seconds,
        cpu_s_per_1m=sum(usage.cpu_seconds.values()) / job.events * 1e6,
        rss_mb=max(usage.rss_bytes.values()) / 1e6,
        early_rss_mb=early / 1e6,
        missing=len(answer - found),
        extra=len(found - answer),
    )


def _environment(bootstrap: str, topic: str, group: str, folder: Path, job: Job) -> dict[str, str]:
    return {
        "BROKER": bootstrap,
        "INPUT_TOPIC": topic,
        "OUTPUT_TOPIC": f"{group}.out",
        "GROUP": group,
        "STATE_DIR": str(folder),
        "EVENTS": str(job.events),
        "USAGE_LIMIT": str(job.usage_limit),
        "SEATS": str(SEATS),
        "GATED_FEATURES": ",".join(GATED),
        "PYTHONUNBUFFERED": "1",
    }


async def _watch(bootstrap: str, program: Started, group: str, topic: str) -> tuple[float, Meter, int]:
    """Return the seconds from the first event to the last commit, what was used in them, the memory at a quarter."""
    deadline = time.monotonic() + RUN_SECONDS
    usage: Meter | None = None
    early = 0
    async with Progress(bootstrap) as progress:
        ends = await progress.ends(topic, PARTITIONS)
        while True:
            program.check()
            if program.first_at is not None:
                usage = usage.read() if usage else Meter({"contestant": program.process.pid})
                share = await _share(progress, group, ends)
                if share >= EARLY_SHARE and not early:
                    early = max(usage.read().rss_bytes.values())
                if share >= 1:
                    return time.monotonic() - program.first_at, usage.read(), early
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"not through after {RUN_SECONDS:.0f} s: {program.last_words()} (log: {program.log})"
                )
            await asyncio.sleep(LOOK_SECONDS)


async def _share(progress: Progress, group: str, ends: Mapping[TopicPartition, int]) -> float:
    """Return how much of the input the group has committed; 1 only when it is all."""
    done = await progress.committed(group)
    return sum(min(max(0, done.get(part, 0)), end) for part, end in ends.items()) / max(1, sum(ends.values()))


async def _answer(bootstrap: str, topic: str) -> frozenset[tuple[str, str]]:
    """Return which (account, rule) the output topic holds."""
    consumer = make_consumer(bootstrap, None, topic)
    await consumer.start()
    found: set[tuple[str, str]] = set()
    try:
        while records := await consumer.getmany(timeout_ms=SILENT_MS):
            for record in (record for batch in records.values() for record in batch):
                body = msgspec.json.decode(record.value)
                found.add((body["account_id"], body["rule"]))
    finally:
        await consumer.stop()
    return frozenset(found)
