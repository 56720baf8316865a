"""Exact sliding windows that stay small, as plain state machines.

A window of N days is today and the N-1 days before. Nothing here knows the hour. Units: days since 1970 (UTC).
Source: design (state), playbook section 4.
"""

from itertools import repeat
from typing import Any, Final

from librt.vecs import append, pop, vec
from mypy_extensions import i64, mypyc_attr

WALK_FACTOR = 3  # going through all cells costs so many look-ups each
NUMBER_BITS: Final = 32
NUMBER: Final = 0xFFFFFFFF


@mypyc_attr(acyclic=True)
class LastSeen:
    """How many of something have each day as their last day; "distinct in N days" is then a sum over N cells.

    Right for late events, because only the latest day of each is ever counted. Accounts have dozens of these, with few
    days each, mostly the latest: so a cell is one number, the day before how many, and they lie in a row, in order.
    """

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: vec[i64] = vec[i64]()

    def move(self, old_day: int | None, new_day: int | None, number: int = 1) -> None:
        """Take some away from `old_day` and add them to `new_day`; None stands for not being counted."""
        if old_day is not None:
            self._take(old_day, number)
        if new_day is not None:
            self._add(new_day, number)

    def _begin(self, day: int) -> i64:
        """Return the place of the first cell of a day or a later one."""
        cells = self._cells
        first: i64 = i64(day) << NUMBER_BITS
        low: i64 = 0
        high: i64 = len(cells)
        if not high or cells[high - 1] < first:
            return high
        while low < high:
            middle: i64 = (low + high) // 2
            if cells[middle] < first:
                low = middle + 1
            else:
                high = middle
        return low

    def _take(self, day: int, number: int) -> None:
        place, cells = self._begin(day), self._cells
        if place == len(cells) or cells[place] >> NUMBER_BITS != day:
            raise KeyError(day)
        cells[place] -= i64(number)
        if not cells[place] & NUMBER:
            self._cells, _ = pop(cells, place)

    def _add(self, day: int, number: int) -> None:
        place, cells = self._begin(day), self._cells
        if place < len(cells) and cells[place] >> NUMBER_BITS == day:
            cells[place] += i64(number)
            return
        self._cells = cells = append(cells, i64(0))
        behind: i64 = len(cells) - 1
        while behind > place:
            cells[behind] = cells[behind - 1]
            behind -= 1
        cells[place] = i64(day) << NUMBER_BITS | i64(number)

    @property
    def cells(self) -> dict[int, int]:
        """How many there are by day."""
        return {cell >> NUMBER_BITS: cell & NUMBER for cell in self._cells}

    def any_within(self, today: int, days: int) -> bool:
        """Tell whether any were last seen within the `days` that end today."""
        cells, place = self._cells, self._begin(today - days + 1)
        return place < len(cells) and cells[place] >> NUMBER_BITS <= today

    def distinct(self, today: int, days: int) -> int:
        """Return how many were last seen within the `days` that end today."""
        return self._sum(self._begin(today - days + 1), self._begin(today + 1))

    def until(self, day: int) -> int:
        """Return how many were last seen on a day or before."""
        return self._sum(0, self._begin(day + 1))

    def _sum(self, begin: i64, end: i64) -> int:
        cells = self._cells
        found: i64 = 0
        while begin < end:
            found += cells[begin] & NUMBER
            begin += 1
        return found


def day_sum(cells: dict[int, int], last_day: int, days: int) -> int:
    """Return the sum of day cells over the `days` that end on `last_day`."""
    first = last_day - days
    if len(cells) * WALK_FACTOR <= days:
        return sum(value for day, value in cells.items() if first < day <= last_day)
    return sum(map(cells.get, range(first + 1, last_day + 1), repeat(0)))


def prune(cells: dict[int, Any], oldest_day: int) -> None:
    """Forget the cells before `oldest_day`."""
    for day in [day for day in cells if day < oldest_day]:
        del cells[day]
