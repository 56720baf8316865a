"""When a source is silent: never while it keeps its week, always once it stops, and the same for everybody."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.silence import Yardstick, judge
from shared.kernel.clock import HOUR_MS

DAYS = 2  # short weeks find the same faults sooner
PERIOD = DAYS * 24
NOW = 500_000  # hours since 1970
YARDSTICK = Yardstick(days=DAYS, silent_hours=1, missed_events=10, pauses=2)

weeks = st.dictionaries(st.integers(0, PERIOD - 1), st.integers(1, 500), min_size=1, max_size=PERIOD)
ALWAYS = range((NOW - 9 * PERIOD) * HOUR_MS, (NOW + 9 * PERIOD) * HOUR_MS, HOUR_MS)


def keeping(week: dict[int, int], first: int, end: int) -> dict[int, int]:
    """Return the hours of a source that keeps its week from one hour to another."""
    return {hour * HOUR_MS: week[hour % PERIOD] for hour in range(first, end) if hour % PERIOD in week}


@given(weeks, st.integers(1, 3 * PERIOD))
def test_a_source_that_keeps_its_week_is_never_silent(week: dict[int, int], length: int) -> None:
    """Whatever the pattern: nights, weekends, one batch a week."""
    heard = keeping(week, NOW - length, NOW)
    assert judge(heard, ALWAYS, NOW * HOUR_MS, YARDSTICK) is None


@given(weeks)
def test_a_source_that_stops_is_silent_after_twice_its_longest_pause(week: dict[int, int]) -> None:
    """However rare it is, if its week has events enough to be missed."""
    heard = keeping(week, NOW - 3 * PERIOD, NOW)
    later = (NOW + 3 * PERIOD) * HOUR_MS
    silence = judge(heard, ALWAYS, later, YARDSTICK)
    until_missed = math.ceil(YARDSTICK.missed_events * PERIOD / sum(week.values()))
    if until_missed > 2 * PERIOD:
        return
    assert silence is not None
    hours = sorted(heard)
    longest = max(after - before for before, after in pairwise(hours))
    assert max(heard) < silence.at <= max(heard) + max(2 * longest, until_missed * HOUR_MS) + HOUR_MS


@given(weeks, st.integers(1, 3 * PERIOD), st.integers(0, 3 * PERIOD), st.sets(st.integers(0, 3 * PERIOD)))
def test_later_and_other_processes_come_to_the_same(
    week: dict[int, int], length: int, wait: int, deaf: set[int]
) -> None:
    """Once it is silent it is so since the same instant; before it is not, whenever one asks."""
    heard = keeping(week, NOW - length, NOW)
    listened = set(ALWAYS) - {(NOW + hour) * HOUR_MS for hour in deaf}
    final = judge(heard, listened, (NOW + 3 * PERIOD) * HOUR_MS, YARDSTICK)
    asked_at = (NOW + wait) * HOUR_MS
    asked = judge(heard, listened, asked_at, YARDSTICK)
    assert asked == (final if final is not None and final.at <= asked_at else None)


@given(weeks, st.integers(1, PERIOD))
def test_before_a_week_of_traffic_nothing_is_missed(week: dict[int, int], length: int) -> None:
    """A key that was issued a few days ago may try and stop."""
    heard = keeping(week, NOW - length, NOW)
    assert judge(heard, ALWAYS, (NOW + 3 * PERIOD) * HOUR_MS, YARDSTICK) is None


@given(weeks)
def test_hours_in_which_nobody_could_listen_accuse_nobody(week: dict[int, int]) -> None:
    """Our own outage is no silence of theirs."""
    heard = keeping(week, NOW - 3 * PERIOD, NOW)
    assert judge(heard, (), (NOW + 3 * PERIOD) * HOUR_MS, YARDSTICK) is None
