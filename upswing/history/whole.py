"""Plays a whole history and hands over: to the present, or at its own end.

*Now*: every tick up to now is told, then history ends and the worker's own ticker goes on. *End*: the last day of
history is today. What still stands when it begins is released, what happens on it fires at once, and no later time is
told: a silence that nobody knows about would end everything. Source: design (backfill), definitions 63 and 73.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from shared.kernel.clock import day_of, midnight_ms
from upswing.history.calls import Call
from upswing.history.player import Clock, Sender, Told, play


class Controls(Clock, Protocol):
    """What tells the log the time, and that history has ended."""

    async def end(self, at_ms: int) -> None:
        """Write to every partition that history has ended."""


async def play_until_now(
    calls: Sequence[Call], sender: Sender, controls: Controls, *, now_ms: Callable[[], int], step_ms: int, told: Told
) -> None:
    """Play calls, tell the time up to now, and hand over. Shape: `now_ms` reads the clock, again at the hand-over."""
    await play(calls, sender, controls, until_ms=now_ms(), step_ms=step_ms, told=told)
    await controls.end(now_ms())


async def play_to_the_end(
    calls: Sequence[Call],
    sender: Sender,
    controls: Controls,
    *,
    step_ms: int,
    told: Told,
    before_last_day: Callable[[], Awaitable[None]],
) -> None:
    """Play calls so that their last day is today. Shape: `before_last_day` runs once the earlier are sent."""
    last_ms = last_midnight(calls)
    earlier = [call for call in calls if call.at_ms < last_ms]
    await play(earlier, sender, controls, until_ms=last_ms, step_ms=step_ms, told=told)
    await before_last_day()
    await controls.end(last_ms)
    await controls.tick(last_ms)
    for call in calls[len(earlier) :]:
        sender.send(call)
    await asyncio.to_thread(sender.flush)
    told(len(calls))


def last_midnight(calls: Sequence[Call]) -> int:
    """Return the beginning of the last day on which something happened."""
    return midnight_ms(day_of(calls[-1].at_ms))
