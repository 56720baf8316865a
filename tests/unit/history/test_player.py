"""The player: order, ticks between, and nothing told too early."""

import pytest

from shared.kernel.clock import DAY_MS, HOUR_MS
from upswing.history.calls import Call, in_order
from upswing.history.player import chunks, play
from upswing.history.whole import last_midnight, play_to_the_end, play_until_now


class Log:
    """A log that writes down what reaches it: calls are in it once they are flushed, ticks at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._waiting: list[str] = []

    def send(self, call: Call) -> None:
        """Take a call."""
        self._waiting.append(call.message_id)

    def flush(self) -> None:
        """Answer all."""
        self.lines += self._waiting
        self._waiting = []

    async def tick(self, at_ms: int) -> None:
        """Write a tick."""
        self.lines.append(f"tick {at_ms // HOUR_MS}")

    async def end(self, at_ms: int) -> None:
        """Write the end."""
        self.lines.append(f"end {at_ms // HOUR_MS}")


def _call(hour: float) -> Call:
    return Call(at_ms=int(hour * HOUR_MS), method="track", account_id="a", message_id=f"at {hour:g}")


CALLS = [_call(hour) for hour in (5, 23.5, 24, 30, 49)]


async def test_a_tick_never_overtakes_an_event_sent_before_it() -> None:
    """Ticks lie at the midnights between the calls, none at the end."""
    log, told = Log(), []
    await play(CALLS, log, log, until_ms=50 * HOUR_MS, step_ms=DAY_MS, told=told.append)
    assert log.lines == ["at 5", "at 23.5", "tick 24", "at 24", "at 30", "tick 48", "at 49"]
    assert told == [2, 4, 5]


async def test_silences_are_ticked_too_up_to_the_hand_over() -> None:
    """Three days without an event, then history ends now."""
    log = Log()
    await play_until_now(CALLS[:1], log, log, now_ms=lambda: 80 * HOUR_MS, step_ms=DAY_MS, told=lambda _done: None)
    assert log.lines == ["at 5", "tick 24", "tick 48", "tick 72", "end 80"]


async def test_history_that_ends_in_the_past_hands_over_when_its_last_day_begins() -> None:
    """The end comes before that day's tick, so that the change of day releases; no tick follows its events."""
    log = Log()

    async def settled() -> None:
        log.lines.append("settled")

    await play_to_the_end(CALLS, log, log, step_ms=DAY_MS, told=lambda _done: None, before_last_day=settled)
    assert log.lines == ["at 5", "at 23.5", "tick 24", "at 24", "at 30", "settled", "end 48", "tick 48", "at 49"]


async def test_history_of_one_day_is_all_last_day() -> None:
    """Nothing is held that could be released, and nothing is lost."""
    log = Log()

    async def settled() -> None:
        log.lines.append("settled")

    await play_to_the_end(CALLS[:2], log, log, step_ms=DAY_MS, told=lambda _done: None, before_last_day=settled)
    assert log.lines == ["settled", "end 0", "tick 0", "at 5", "at 23.5"]


async def test_an_error_of_the_sender_ends_the_play() -> None:
    """It is not swallowed, and no tick is written after it."""

    class Broken(Log):
        def flush(self) -> None:
            """Fail."""
            raise ConnectionError

    log = Broken()
    with pytest.raises(ConnectionError):
        await play(CALLS, log, log, until_ms=50 * HOUR_MS, step_ms=DAY_MS, told=lambda _done: None)
    assert log.lines == []


def test_calls_of_the_same_instant_keep_their_order() -> None:
    """Sorting is stable."""
    calls = [_call(2), _call(1), Call(at_ms=HOUR_MS, method="track", account_id="a", message_id="second")]
    assert [call.message_id for call in in_order(calls)] == ["at 1", "second", "at 2"]


def test_no_calls_no_ticks() -> None:
    """An empty history has no time."""
    assert list(chunks([], until_ms=DAY_MS, step_ms=HOUR_MS)) == []
    assert last_midnight(CALLS) == 48 * HOUR_MS
