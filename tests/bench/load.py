"""An open load: batches leave at their appointed times, whatever became of those before.

Latency counts from the appointed time, so a service that stalls is not excused from what waits behind it.
"""

import asyncio
import time
from collections.abc import Sequence
from random import Random
from typing import Any

import aiohttp
import msgspec

from shared.kernel.clock import iso
from tests.bench.company import Company
from upswing.history.calls import Call

__all__ = ["Load", "Plan"]

CONNECTIONS = 64
SEED = 20_261_122


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is sent. Units: events and deciding events a second; `batch` events a request."""

    rate: int
    batch: int
    deciding_rate: float

    @property
    def interval(self) -> float:
        """Seconds between two batches."""
        return self.batch / self.rate


class Load:
    """Sends a company's everyday calls, and among them, at a steady rate, its deciding ones.

    Shape: `posted` maps the id of an expected trigger to the appointed instant of its deciding event, `answered` holds
    the milliseconds to each 200. Units: instants in milliseconds since 1970, with their fraction.
    """

    def __init__(self, company: Company, plan: Plan, url: str, write_key: str) -> None:
        self.posted: dict[str, float] = {}
        self.answered: list[float] = []
        self.refused: list[str] = []
        self.events = 0
        self._company, self._plan = company, plan
        self._url, self._key = url, write_key
        self._rng = Random(SEED)  # noqa: S311 - a load, no secret
        self._decided = 0

    async def run(self, seconds: float) -> None:
        """Send for a while, and return when the last batch has been answered."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session, asyncio.TaskGroup() as tasks:
            begun, begun_ms, decided = time.monotonic(), time.time_ns() / 1e6, self._decided
            for turn in range(int(seconds / self._plan.interval)):
                at = turn * self._plan.interval
                if (wait := begun + at - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                due_ms = begun_ms + at * 1000
                decides = self._decided - decided < at * self._plan.deciding_rate
                tasks.create_task(self._post(session, self._batch(due_ms, decides=decides), due_ms))

    def _batch(self, due_ms: float, *, decides: bool) -> Sequence[Call]:
        calls: list[Call] = []
        now_ms = int(due_ms)
        if decides:
            deciding = self._company.deciding(self._decided, now_ms)
            self._decided += 1
            self.posted[deciding.trigger_id] = due_ms
            calls.append(deciding.call)
            self.events += 1
        while len(calls) < self._plan.batch:
            self.events += 1
            calls.append(self._company.everyday(self._rng, f"everyday-{self.events}", now_ms))
        return calls

    async def _post(self, session: aiohttp.ClientSession, calls: Sequence[Call], due_ms: float) -> None:
        batch = [_message(call) for call in calls]
        body = msgspec.json.encode({"batch": batch, "sentAt": iso(int(due_ms)), "writeKey": self._key})
        try:
            async with session.post(self._url, data=body, headers={"Content-Type": "application/json"}) as answer:
                text = await answer.text()
        except aiohttp.ClientError as error:
            self.refused.append(f"no answer: {type(error).__name__}")
            return
        if answer.status == 200 and '"rejected":[]' in text:
            self.answered.append(time.time_ns() / 1e6 - due_ms)
        else:
            self.refused.append(f"{answer.status}: {text[:200]}")


def _message(call: Call) -> dict[str, Any]:
    """Return a call as Segment's clients write it."""
    return {
        "type": call.method,
        "event": call.name,
        "messageId": call.message_id,
        "userId": call.user_id,
        "timestamp": iso(call.at_ms),
        "context": {"groupId": call.account_id},
        "properties": call.properties,
    }
