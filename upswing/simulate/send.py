"""Sends a simulation to a running ingest, at a rate: batches of native lines, retried as a good client does.

Events of one account go by one lane, in their order. A 429 or 503 is waited out, by its `Retry-After`, and sent again
with the same ids. Errors: `DependencyError` when ingest refuses a whole body, or does not answer for a minute.
"""

import asyncio
import random
import time
from collections import Counter
from http import HTTPStatus
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zlib import crc32

import httpx
import msgspec

from shared.kernel.errors import DependencyError
from upswing.simulate.formats import instant_text

__all__ = ["Pace", "Sender", "Sent"]

LANES = 4
BATCH = 200
QUEUE_EVENTS = 2_000
PATIENCE_SECONDS = 60.0
FIRST_PATIENCE_SECONDS = 5.0  # as long as nothing was ever answered, it is rather not there
TIMEOUT_SECONDS = 20.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
NDJSON = {"Content-Type": "application/x-ndjson"}
AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY}
Stamp = Literal["now", "own"]


class Sent(msgspec.Struct):
    """What became of it. Units: seconds; latency is that of requests that were answered 200, in milliseconds."""

    sent: int = 0
    acked: int = 0
    duplicates: int = 0
    rejected: int = 0
    codes: dict[str, int] = {}
    requests: int = 0
    retries: int = 0
    throttled: int = 0
    seconds: float = 0.0
    per_second: float = 0.0
    behind_seconds: float = 0.0
    latency_ms: dict[str, float] = {}


class Pace:
    """When the next event is due. Units: `rate` events a second; with `day_seconds` the story's own rhythm counts."""

    def __init__(self, rate: float, day_seconds: float | None, first_ms: int) -> None:
        self._rate, self._day_seconds, self._first_ms = rate, day_seconds, first_ms
        self._count = 0

    def due(self, arrival_ms: int) -> float:
        """Return how many seconds after the beginning the next event is due."""
        self._count += 1
        if self._day_seconds is not None:
            return max(0.0, (arrival_ms - self._first_ms) / 86_400_000 * self._day_seconds)
        return (self._count - 1) / self._rate


class Sender:
    """Sends events with several lanes. Use it as an async context manager; leaving it waits for all answers."""

    def __init__(self, url: str, key: str, *, run: str, stamp: Stamp) -> None:
        local = urlsplit(url).hostname in {"127.0.0.1", "localhost"}
        self._client = httpx.AsyncClient(
            base_url=url, auth=(key, ""), headers=NDJSON, timeout=TIMEOUT_SECONDS, trust_env=not local
        )
        self._run, self._stamp = run, stamp
        self._queues: list[asyncio.Queue[bytes | None]] = [asyncio.Queue(QUEUE_EVENTS) for _ in range(LANES)]
        self._encoder = msgspec.json.Encoder()
        self._latencies: list[float] = []
        self._codes: Counter[str] = Counter()
        self._begun = 0.0
        self._lanes: list[asyncio.Task[None]] = []
        self.sent = Sent()

    async def __aenter__(self) -> Self:
        """Begin."""
        self._begun = time.perf_counter()
        self._lanes = [asyncio.create_task(self._lane(queue)) for queue in self._queues]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until everything has been answered, unless something went wrong."""
        try:
            if kind is None:
                for queue in self._queues:
                    await self._put(queue, None)
                await asyncio.gather(*self._lanes)
        finally:
            for lane in self._lanes:
                lane.cancel()
            await asyncio.gather(*self._lanes, return_exceptions=True)
            await self._client.aclose()
            self._finish()

    async def put(self, due: float, event: dict[str, Any]) -> None:
        """Hand an event over when it is due; wait while its lane is full."""
        early = due - (time.perf_counter() - self._begun)
        if early > 0:
            await asyncio.sleep(early)
        self.sent.behind_seconds = max(0.0, time.perf_counter() - self._begun - due)
        at_ms = event["occurred_at"] if self._stamp == "own" else time.time_ns() // 1_000_000
        told = event | {"id": f"{event['id']}@{self._run}", "occurred_at": instant_text(at_ms)}
        lane = crc32(event.get("account_id", "").encode()) % LANES
        await self._put(self._queues[lane], self._encoder.encode(told))
        self.sent.sent += 1

    @property
    def elapsed(self) -> float:
        """How many seconds have passed since the beginning."""
        return time.perf_counter() - self._begun

    async def _put(self, queue: asyncio.Queue[bytes | None], line: bytes | None) -> None:
        """Put a line into a lane; a lane that has failed says why instead of never being emptied."""
        while queue.full():
            for lane in self._lanes:
                if lane.done():
                    lane.result()
            await asyncio.sleep(0.005)
        queue.put_nowait(line)

    async def _lane(self, queue: asyncio.Queue[bytes | None]) -> None:
        more = True
        while more:
            lines = [await queue.get()]
            while not queue.empty() and len(lines) < BATCH and lines[-1] is not None:
                lines.append(queue.get_nowait())
            more = lines[-1] is not None
            body = b"\n".join(line for line in lines if line is not None)
            if body:
                await self._deliver(body)

    async def _deliver(self, body: bytes) -> None:
        pause, begun = FIRST_PAUSE_SECONDS, time.perf_counter()
        while True:
            started = time.perf_counter()
            wait, why = await self._try(body, started)
            if wait is None:
                return
            patience = PATIENCE_SECONDS if self.sent.requests else FIRST_PATIENCE_SECONDS
            if time.perf_counter() - begun > patience:
                raise DependencyError(f"ingest did not take events for {patience:.0f} s: {why}")
            self.sent.retries += 1
            await asyncio.sleep(wait or pause * random.uniform(0.5, 1.0))  # noqa: S311 - lanes part, no secret
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    async def _try(self, body: bytes, started: float) -> tuple[float | None, str]:
        """Post once. Return None when it was taken, else how many seconds to wait (0: as usual), and why."""
        try:
            answer = await self._client.post("/v1/events", content=body)
        except httpx.TransportError as error:
            return 0.0, f"{type(error).__name__}: is ingest running at {self._client.base_url}?"
        self.sent.requests += 1
        if answer.status_code == HTTPStatus.OK:
            self._latencies.append(time.perf_counter() - started)
            self._count(answer.json())
            return None, ""
        said = answer.text[:300]
        if answer.status_code not in AGAIN:
            raise DependencyError(f"ingest refused a batch ({answer.status_code}): {said}")
        self.sent.throttled += 1
        return retry_after(answer.headers.get("retry-after")), f"{answer.status_code} {said}"

    def _count(self, answer: dict[str, Any]) -> None:
        rejected = answer["rejected"]
        self.sent.acked += answer["accepted"]
        self.sent.duplicates += answer["duplicates"]
        self.sent.rejected += len(rejected)
        self._codes.update(row["code"] for row in rejected)

    def _finish(self) -> None:
        sent = self.sent
        sent.seconds = round(self.elapsed, 3)
        sent.per_second = round(sent.acked / sent.seconds, 1) if sent.seconds else 0.0
        sent.behind_seconds = round(sent.behind_seconds, 3)
        sent.codes = dict(sorted(self._codes.items()))
        ordered = sorted(self._latencies)
        if ordered:
            shares = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
            sent.latency_ms = {
                name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)
                for name, share in shares
            }


def retry_after(header: str | None) -> float:
    """Return the seconds that a `Retry-After` header names, 0 when it names none (a date is not looked at)."""
    try:
        return max(0.0, float(header)) if header else 0.0
    except ValueError:
        return 0.0
