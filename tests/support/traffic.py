"""A source's past, written to `ingest.tallies` as ingest processes would have: tests need no week."""

import asyncio
import time
from collections.abc import Iterable

from shared.io.kafka import make_producer
from shared.kernel.clock import HOUR_MS
from shared.kernel.tallies import LISTENING, Tally, TrafficTally, encode_tally, hour_of, tally_key
from shared.kernel.topics import TALLIES

__all__ = ["write_past", "write_tallies"]


async def write_past(bootstrap: str, prefix: str, source: str, *, weeks: float = 1.1, quiet_hours: int = 3) -> int:
    """Write a steady past that ended some whole hours ago, heard by a process that is no more; return its last hour."""
    now_hour = hour_of(time.time_ns() // 1_000_000)
    last = now_hour - (quiet_hours + 1) * HOUR_MS
    tallies: list[Tally] = []
    for hour in range(now_hour - int(weeks * 168) * HOUR_MS, now_hour, HOUR_MS):
        minutes = TrafficTally(process="past", source=LISTENING, hour=hour, count=60, at=hour + HOUR_MS - 1)
        tallies.append(minutes)
        if hour <= last:
            tallies.append(TrafficTally(process="past", source=source, hour=hour, count=120, at=hour + HOUR_MS - 1))
    await write_tallies(bootstrap, prefix, tallies)
    return last


async def write_tallies(bootstrap: str, prefix: str, tallies: Iterable[Tally]) -> None:
    """Write tallies as they are."""
    producer = make_producer(bootstrap)
    await producer.start()
    try:
        acks = [
            await producer.send(prefix + TALLIES.name, encode_tally(tally), key=tally_key(tally), partition=0)
            for tally in tallies
        ]
        await asyncio.gather(*acks)
    finally:
        await producer.stop()
