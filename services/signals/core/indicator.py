"""A problem that an add-on would help with, as events are held against it.

Source: definition 68.
"""

import msgspec


class Indicator(msgspec.Struct, frozen=True):
    """A problem as events are held against it. Shape: `reached` are the (days, count) that add-ons wait for."""

    key: str
    where: tuple[tuple[str, str | int | bool], ...]
    reached: frozenset[tuple[int, int]]
