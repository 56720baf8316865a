"""Sums over a metric's windows, as they are remembered for a day: in memory only.

Units: millionths. Source: definitions 20, 24 and 43.
"""

from typing import Any

import msgspec


class Windows(msgspec.Struct):
    """The sums of one metric on one day under some terms. Shape: by the numbers above."""

    today: int
    terms: Any
    sums: list[int]


class Use(msgspec.Struct, frozen=True):
    """What was recorded over a window: its quantity, and cost and quantity of the events that have a cost."""

    quantity: int
    cost: int
    costed: int


class Compared(msgspec.Struct):
    """One metric on one day under some terms. Shape: `past` is the window that ends today without today."""

    today: int
    terms: Any
    past: Use
    before: Use
