"""Exact sliding windows that stay small, as plain state machines.

A window of N days is today and the N-1 days before. Nothing here knows the hour. Units: days since 1970 (UTC).
Source: design (state), playbook section 4.
"""

from itertools import repeat
from typing import Any

WALK_FACTOR = 3  # going through all cells costs so many look-ups each


class LastSeen:
    """How many of something have each day as their last day; "distinct in N days" is then a sum over N cells.

    Right for late events, because only the latest day of each is ever counted. Moving one from day to day is O(1).
    """

    __slots__ = ("cells",)

    def __init__(self) -> None:
        self.cells: dict[int, int] = {}

    def move(self, old_day: int | None, new_day: int | None, number: int = 1) -> None:
        """Take some away from `old_day` and add them to `new_day`; None stands for not being counted."""
        cells = self.cells
        if old_day is not None:
            left = cells[old_day] - number
            if left:
                cells[old_day] = left
            else:
                del cells[old_day]
        if new_day is not None:
            if new_day in cells:
                cells[new_day] += number
            else:
                cells[new_day] = number

    def any_within(self, today: int, days: int) -> bool:
        """Tell whether any were last seen within the `days` that end today."""
        first = today - days
        return any(first < day <= today for day in self.cells)

    def distinct(self, today: int, days: int) -> int:
        """Return how many were last seen within the `days` that end today."""
        first = today - days
        if len(self.cells) <= days:
            return sum(count for day, count in self.cells.items() if first < day <= today)
        cells = self.cells
        return sum(cells.get(day, 0) for day in range(first + 1, today + 1))


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
