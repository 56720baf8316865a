"""Exact sliding windows that stay small, as plain state machines.

A window of N days is today and the N-1 days before. Nothing here knows the hour. Units: days since 1970 (UTC).
Source: design (state), playbook section 4.
"""

from itertools import repeat
from typing import Any

import msgspec

KEPT_BITS = 62  # days of use that a bitmap remembers: two windows of 30 and room to spare
ALL_BITS = (1 << KEPT_BITS) - 1
WALK_FACTOR = 3  # going through all cells costs so many look-ups each


class LastSeen:
    """How many of something have each day as their last day; "distinct in N days" is then a sum over N cells.

    Right for late events, because only the latest day of each is ever counted. Moving one from day to day is O(1).
    """

    __slots__ = ("cells",)

    def __init__(self) -> None:
        self.cells: dict[int, int] = {}

    def move(self, old_day: int | None, new_day: int | None) -> None:
        """Take one away from `old_day` and add it to `new_day`; None stands for not being counted."""
        cells = self.cells
        if old_day is not None:
            left = cells[old_day] - 1
            if left:
                cells[old_day] = left
            else:
                del cells[old_day]
        if new_day is not None:
            if new_day in cells:
                cells[new_day] += 1
            else:
                cells[new_day] = 1

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


class UseDays(msgspec.Struct, array_like=True, gc=False):
    """On which of the recent days a feature was used, and when it was last used or blocked.

    Shape: bit 0 of `bits` is `newest`, bit n the day n before. Units: days; -1 is never.
    """

    newest: int = -1
    bits: int = 0
    touched: int = -1

    def used(self, day: int) -> None:
        """Note a use."""
        shift = day - self.newest
        if shift > 0:
            self.bits = (self.bits << shift | 1) & ALL_BITS if shift < KEPT_BITS else 1
            self.newest = day
        elif self.newest - day < KEPT_BITS:
            self.bits |= 1 << (self.newest - day)
        if day > self.touched:
            self.touched = day

    def blocked(self, day: int) -> None:
        """Note that the product refused a use."""
        self.touched = max(self.touched, day)

    def days_used(self, today: int, days: int) -> int:
        """Return on how many of the `days` that end today it was used."""
        room = days - (today - self.newest)
        if room <= 0:
            return 0
        return (self.bits & ((1 << room) - 1)).bit_count()


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
