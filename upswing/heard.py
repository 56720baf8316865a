"""When each source was last heard, and which are silent: from the counts of all ingest processes.

Source: playbook section 7 (`source_silent`).
"""

from collections.abc import Iterable

import msgspec

from shared.kernel.tallies import LISTENING, SourceTally, Tally, TrafficTally

__all__ = ["Heard", "describe", "last_heard"]


class Heard(msgspec.Struct):
    """One source. Units: instants in milliseconds. Shape: `silent_since` is the end of the hour that decided it."""

    at: int | None = None
    changed_at: int = 0
    silent_since: int | None = None


def last_heard(tallies: Iterable[Tally]) -> dict[str, Heard]:
    """Return what the counts tell of each source."""
    found: dict[str, Heard] = {}
    for tally in tallies:
        if isinstance(tally, TrafficTally) and tally.source != LISTENING:
            heard = found.setdefault(tally.source, Heard())
            heard.at = max(tally.at, heard.at or tally.at)
        elif isinstance(tally, SourceTally) and tally.told:
            heard = found.setdefault(tally.source, Heard())
            if tally.at > heard.changed_at:
                heard.changed_at, heard.silent_since = tally.at, tally.at if tally.silent else None
    return found


def describe(heard: Heard | None, now_ms: int) -> str:
    """Return it in a few words; nothing is remembered for longer than 30 days."""
    if heard is None or heard.at is None:
        return "not heard for 30 days or more"
    ago = f"heard {_length(now_ms - heard.at)} ago"
    return ago if heard.silent_since is None else f"SILENT, {ago}"


def _length(ms: int) -> str:
    seconds = max(0, ms) // 1000
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} s"
