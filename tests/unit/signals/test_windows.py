"""Windows give what counting all events would give, whatever the order of arrival."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.signals.core.feature_days import KEPT_BITS, days_used, note_refusal, note_use
from services.signals.core.use_days import UseDays
from services.signals.core.windows import LastSeen, day_sum, prune

TODAY = 1_000
days = st.integers(TODAY - 90, TODAY)
windows = st.integers(1, 60)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), days)), windows, st.integers(TODAY, TODAY + 40))
def test_distinct_in_n_days_is_a_sum_over_last_seen_days(seen: list[tuple[str, int]], window: int, today: int) -> None:
    """Each is moved to the latest of its days; late sightings move nothing."""
    last: dict[str, int] = {}
    cells = LastSeen()
    for name, day in seen:
        if day > last.get(name, -1):
            cells.move(last.get(name), day)
            last[name] = day
    expected = {name for name, day in seen if today - window < day <= today}
    assert cells.distinct(today, window) == len(expected)


@given(st.sets(st.integers(0, 5)))
def test_what_is_taken_away_again_is_not_counted(numbers: set[int]) -> None:
    """Nothing is left of a day whose last member has gone."""
    cells = LastSeen()
    for number in numbers:
        cells.move(None, TODAY - number)
    for number in numbers:
        cells.move(TODAY - number, None)
    assert cells.cells == {}
    assert cells.distinct(TODAY, 30) == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(-5, 5), st.integers(1, 3))), st.integers(-7, 7), windows)
def test_days_are_counted_in_whatever_order_they_come_and_go(
    moves: list[tuple[bool, int, int]], today: int, window: int
) -> None:
    """What is moved away must be there; the days before 1970 are days too."""
    seen, expected = LastSeen(), Counter[int]()
    for comes, day, number in moves:
        if comes:
            seen.move(None, day, number)
            expected[day] += number
        elif expected[day] >= number:
            seen.move(day, None, number)
            expected[day] -= number
    assert seen.cells == {day: number for day, number in expected.items() if number}
    assert seen.until(today) == sum(number for day, number in expected.items() if day <= today)
    within = [number for day, number in expected.items() if today - window < day <= today]
    assert (seen.distinct(today, window), seen.any_within(today, window)) == (sum(within), any(within))


def test_nothing_is_taken_from_a_day_that_has_none() -> None:
    """A fault in the counts does not go unnoticed."""
    seen = LastSeen()
    seen.move(None, TODAY)
    for day in (TODAY - 1, TODAY + 1):
        with pytest.raises(KeyError):
            seen.move(day, None)


@given(st.lists(days), windows, st.integers(TODAY, TODAY + 40))
def test_days_of_use_are_counted_exactly_within_what_is_kept(used: list[int], window: int, today: int) -> None:
    """A window ends today or later than the newest use, so it never reaches back beyond what is kept."""
    feature = UseDays()
    for day in used:
        note_use(feature, day)
    assert KEPT_BITS >= 60
    assert days_used(feature, today, window) == len({day for day in used if today - window < day <= today})
    assert feature.touched == max(used, default=-1)


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_blocked_use_is_a_touch_and_no_use(first: int, second: int) -> None:
    """Touches only move forward."""
    feature = UseDays()
    note_refusal(feature, first)
    note_refusal(feature, second)
    assert (feature.touched, days_used(feature, 400, 60)) == (max(first, second), 0)


@given(st.dictionaries(days, st.integers(0, 10**20)), st.integers(TODAY - 30, TODAY), windows)
def test_a_day_sum_is_the_sum_of_its_days(cells: dict[int, int], last_day: int, window: int) -> None:
    """Few cells or many, and with days after the window."""
    expected = sum(value for day, value in cells.items() if last_day - window < day <= last_day)
    assert day_sum(cells, last_day, window) == expected


def test_many_cells_are_summed_by_their_days() -> None:
    """90 days of use, a window of 30."""
    cells = dict.fromkeys(range(TODAY - 90, TODAY), 2)
    seen = LastSeen()
    for day in cells:
        seen.move(None, day)
    assert day_sum(cells, TODAY - 1, 30) == 60
    assert seen.distinct(TODAY - 1, 30) == 30


def test_pruning_keeps_the_oldest_day_that_was_asked_for() -> None:
    """What lies before it is forgotten."""
    cells = {1: 1, 2: 1, 3: 1}
    prune(cells, 2)
    assert cells == {2: 1, 3: 1}
