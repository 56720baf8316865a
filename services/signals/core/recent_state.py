"""The pages in which the recent ids of an account lie: segments that are appended to.

Source: definition 8.
"""

import msgspec

from services.signals.core.pages import Stamp


class Segment(msgspec.Struct, array_like=True, gc=False):
    """What the head page knows of a recent page: its number and the greatest clock in it."""

    number: int
    last_ms: int


class RecentPage(msgspec.Struct, array_like=True):
    """One page of ids, each with the account's clock when it was first seen.

    Shape: `runs` tells of each source, one after the other, where its ids begin. Without any, as version 1 wrote them,
    each id stands behind its source and a zero.
    """

    version: int
    stamp: Stamp
    ids: list[str] = []
    clocks: list[int] = []
    runs: list[tuple[str, int]] = []
