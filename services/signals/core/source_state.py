"""What a partition knows of a source: part of its meta page. Source: definition 41."""

from collections.abc import Mapping

import msgspec


class SourceState(msgspec.Struct, array_like=True, frozen=True):
    """One source, as the latest `control.source` about it said. Additive changes only, as for every page.

    Shape: `status` is `fired`, `held` or `released` while a trigger about it is open here, else empty; `opened_at` is
    the instant that named that trigger. Units: instants in milliseconds; `usual_per_hour` events an hour.
    """

    at: int
    silent: bool
    last_heard_at: int | None = None
    usual_per_hour: float = 0.0
    missed_hours: int = 0
    missed_events: int = 0
    status: str = ""
    opened_at: int = 0
    held_since: int | None = None


def silent_now(sources: Mapping[str, SourceState]) -> frozenset[str]:
    """Return the sources that are silent."""
    return frozenset(source for source, known in sources.items() if known.silent)
