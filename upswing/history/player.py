"""Plays calls of the past in their order, and moves the log's clock with them.

A tick must not overtake an event that was sent before it: the player waits for ingest's answer to everything earlier,
then writes the tick. Source: design (backfill), definition 73.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from upswing.history.calls import Call

Told = Callable[[int], None]


class Sender(Protocol):
    """What sends calls: `flush` returns when all have been answered."""

    def send(self, call: Call) -> None:
        """Hand a call over."""

    def flush(self) -> None:
        """Wait for all answers."""


class Clock(Protocol):
    """What tells the log the time."""

    async def tick(self, at_ms: int) -> None:
        """Write a tick to every partition."""


async def play(calls: Sequence[Call], sender: Sender, clock: Clock, *, until_ms: int, step_ms: int, told: Told) -> None:
    """Send calls, which are in order and lie before `until_ms`, with a tick at each multiple of `step_ms` on the way.

    Shape: `told` gets the number of calls sent so far. When it returns, all calls have been answered, and no tick at or
    after `until_ms` has been written: how history ends is up to the caller. Errors: those of the sender and the clock.
    """
    sent = 0
    for tick_ms, chunk in chunks(calls, until_ms=until_ms, step_ms=step_ms):
        for call in chunk:
            sender.send(call)
        sent += len(chunk)
        if chunk:
            await asyncio.to_thread(sender.flush)
        if tick_ms < until_ms:
            await clock.tick(tick_ms)
        told(sent)


def chunks(calls: Sequence[Call], *, until_ms: int, step_ms: int) -> Iterator[tuple[int, Sequence[Call]]]:
    """Yield each tick's instant with the calls that come before it and after the tick before; silences are ticked too.

    Shape: the last one's instant is `until_ms` or later, and all calls have been yielded with it.
    """
    if not calls:
        return
    start, tick_ms = 0, next_step(calls[0].at_ms, step_ms)
    while start < len(calls) or tick_ms < until_ms:
        stop = start
        while stop < len(calls) and (calls[stop].at_ms < tick_ms or tick_ms >= until_ms):
            stop += 1
        yield tick_ms, calls[start:stop]
        start, tick_ms = stop, tick_ms + step_ms


def next_step(instant_ms: int, step_ms: int) -> int:
    """Return the first multiple of a step that is later than an instant."""
    return (instant_ms // step_ms + 1) * step_ms
