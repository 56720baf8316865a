"""What ingest keeps to at its limits: its memory while the broker is frozen, and what it answered 200 before."""

import asyncio
import os
import re
import signal
from collections import Counter

from aiokafka import TopicPartition

from deploy.local.stack import LocalStack
from shared.io.kafka import make_consumer
from shared.kernel.topics import EVENTS
from tests.bench.http_load import Counted, Wanted, run_load
from tests.bench.ingest_group import Service
from tests.bench.processes import Meter
from tests.bench.rows import Row
from tests.bench.stacks import say

__all__ = ["limit_rows", "measure_frozen"]

CONNECTIONS = 32
FROZEN_BATCH = 100
BEFORE_SECONDS, SETTLE_SECONDS, AFTER_SECONDS = 3.0, 8.0, 10.0
LOOK_SECONDS = 0.25
MB = 1e6


def limit_rows(found: dict[str, float], command: str) -> list[Row]:
    """Return the rows of what was found at the limits, by name."""
    units = {"per_s": "1/s", "share": "share", "ms": "ms", "mb": "MB", "missing": "events", "requests": "requests"}
    return [
        Row(
            name=f"ingest.{name}",
            value=value,
            unit=next(unit for ending, unit in units.items() if name.endswith(ending)),
            command=command,
        )
        for name, value in found.items()
    ]


async def measure_frozen(stack: LocalStack, ours: Service, seconds: float) -> dict[str, float]:
    """Hold the broker still under load; memory counts once the first seconds have filled what may be in flight."""
    kafka = stack.supervisor.pid("kafka")
    assert kafka
    starts = await _ends(stack.bootstrap)
    total = BEFORE_SECONDS + seconds + AFTER_SECONDS
    wanted = Wanted(
        url=ours.url,
        write_key=ours.write_key,
        batch=FROZEN_BATCH,
        connections=CONNECTIONS,
        seconds=total,
        name_them=True,
    )
    load = asyncio.create_task(run_load(wanted))
    await asyncio.sleep(BEFORE_SECONDS)
    os.kill(kafka, signal.SIGSTOP)
    try:
        settle = min(SETTLE_SECONDS, seconds / 2)
        filled = await _peak_rss(ours.pid, settle)
        later = await _peak_rss(ours.pid, seconds - settle)
    finally:
        os.kill(kafka, signal.SIGCONT)
    counted = await load
    missing = await _missing(stack.bootstrap, starts, counted)
    say(f"ingest: broker frozen for {seconds:.0f} s: {filled / MB:.0f} MB, then {later / MB:.0f}; {missing} missing")
    return {
        "frozen_rss_mb": later / MB,
        "frozen_growth_mb": max(0.0, (later - filled) / MB),
        "frozen_refused_requests": counted.errors,
        "frozen_missing": missing,
    }


async def _peak_rss(pid: int, seconds: float) -> int:
    seen = Meter({"ingest": pid})
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        seen.read()
        await asyncio.sleep(LOOK_SECONDS)
    return seen.rss_bytes["ingest"]


async def _ends(bootstrap: str) -> dict[TopicPartition, int]:
    consumer = make_consumer(bootstrap, None, EVENTS.name)
    await consumer.start()
    try:
        places = [TopicPartition(EVENTS.name, number) for number in consumer.partitions_for_topic(EVENTS.name)]
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        return ends
    finally:
        await consumer.stop()


async def _missing(bootstrap: str, starts: dict[TopicPartition, int], counted: Counted) -> int:
    """Return how many events of requests that were answered 200 are not in the log."""
    ours = re.compile(rb'"id":"m-%b-(\d+)-' % counted.tag.encode())
    found: Counter[int] = Counter()
    ends = await _ends(bootstrap)
    consumer = make_consumer(bootstrap, None)
    await consumer.start()
    try:
        consumer.assign(list(starts))
        for place, start in starts.items():
            consumer.seek(place, start)
        while any([await consumer.position(place) < ends[place] for place in starts]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    found.update(map(int, ours.findall(record.value)))
    finally:
        await consumer.stop()
    return sum(max(0, FROZEN_BATCH - found[number]) for number in counted.taken)
