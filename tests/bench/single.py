"""How many single events one process takes, and how long one takes at 70 % of that.

With wrk each of its connections pauses at random so that the pace is set by the clock, and what is measured is hardly
disturbed by the load's own work, which shares the cores; without it our own load appoints the requests.
"""

import asyncio
import os
import secrets
import shutil
from pathlib import Path

import msgspec

from tests.bench.http_load import Wanted, run_load
from tests.bench.ingest_group import Service
from tests.bench.stacks import say

__all__ = ["LOAD", "measure_single"]

LOAD = "wrk"
SCRIPT = Path(__file__).with_name("paced.lua")
CONNECTIONS, PACED_CONNECTIONS = 32, 64
SHARE, NEAR = 0.7, 0.02
TRIES = 4
WARM_UP_SECONDS = 8.0


class Paced(msgspec.Struct, frozen=True):
    """What a load told. Units: in the names."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


async def measure_single(service: Service, seconds: float) -> dict[str, float]:
    """Return capacity and latency by name. Errors: `RuntimeError` when an event is not taken."""
    capacity, at_share = await (_by_wrk if shutil.which(LOAD) else _by_ourselves)(service, seconds)
    share = at_share.rate / capacity.rate
    say(f"ingest: {at_share.rate:,.0f} single events/s, {share:.0%} of its capacity: p99 {at_share.p99_ms:.1f} ms")
    return {
        "single_capacity_per_s": capacity.rate,
        "single_share": share,
        "single_p50_ms": at_share.p50_ms,
        "single_p99_ms": at_share.p99_ms,
    }


async def _by_wrk(service: Service, seconds: float) -> tuple[Paced, Paced]:
    """Find the pause that gives the share in short runs, then measure."""
    await _wrk(service, CONNECTIONS, WARM_UP_SECONDS)  # the broker has just begun, and compiles what it does often
    capacity = await _wrk(service, CONNECTIONS, seconds)
    wanted = SHARE * capacity.rate
    pause_ms = PACED_CONNECTIONS / wanted * 1e3 - capacity.p50_ms / 2
    for _ in range(TRIES):
        found = await _wrk(service, PACED_CONNECTIONS, max(1.0, seconds / 2), pause_ms)
        if abs(found.rate / wanted - 1) < NEAR:
            break
        pause_ms = max(0.5, pause_ms + PACED_CONNECTIONS * 1e3 * (1 / wanted - 1 / found.rate))
    return capacity, await _wrk(service, PACED_CONNECTIONS, 2 * seconds, pause_ms)


async def _wrk(service: Service, connections: int, seconds: float, pause_ms: float = 0.0) -> Paced:
    environment = {"TAG": secrets.token_hex(4), "WRITE_KEY": service.write_key, "PAUSE_MS": f"{pause_ms:.3f}"}
    running = await asyncio.create_subprocess_exec(
        *(LOAD, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(SCRIPT), service.url),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )
    output, _ = await running.communicate()
    if running.returncode:
        raise RuntimeError(f"{LOAD} ended with code {running.returncode}")
    return _good(msgspec.json.decode(output.splitlines()[-1], type=Paced))


async def _by_ourselves(service: Service, seconds: float) -> tuple[Paced, Paced]:
    closed = Wanted(url=service.url, write_key=service.write_key, batch=1, connections=CONNECTIONS, seconds=seconds)
    capacity = msgspec.convert(await run_load(closed), Paced, from_attributes=True)
    paced = msgspec.structs.replace(
        closed, connections=PACED_CONNECTIONS, seconds=2 * seconds, rate=SHARE * _good(capacity).rate
    )
    return capacity, _good(msgspec.convert(await run_load(paced), Paced, from_attributes=True))


def _good(found: Paced) -> Paced:
    if found.errors or not found.requests:
        raise RuntimeError(f"{found.errors} single events were not taken")
    return found
