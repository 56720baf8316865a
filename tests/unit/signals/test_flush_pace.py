"""Flushes are as far apart as the setting says, and further when they would take too much of the time."""

from typing import Any, cast

import pytest

from services.signals.flush import Flush
from services.signals.settings import Settings

NOBODY = cast("Any", None)  # neither pages nor a broker are needed to tell the time


@pytest.mark.parametrize(
    ("busy_seconds", "pause_seconds"), [(0.0, 0.5), (0.05, 0.5), (0.1, 1.0), (0.15, 1.5), (0.2, 2.0), (30.0, 2.0)]
)
def test_a_flush_takes_a_tenth_of_the_time_but_waits_for_four_pauses_at_most(
    busy_seconds: float, pause_seconds: float
) -> None:
    """What was the case at the last flush decides."""
    flush = Flush(Settings(flush_seconds=0.5), NOBODY, NOBODY)
    flush.busy_seconds = busy_seconds
    assert flush.pause_seconds == pytest.approx(pause_seconds)
