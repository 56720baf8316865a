"""Has a source fallen silent? Decided from its hours of traffic alone, the same by every process.

An hour is *due* when the same hour of the period before, and those beside it, had traffic: so nights, weekends and the
hour at which somebody begins are not. A source is silent after some due hours without an event; or, when it is too
rare for due hours, after a silence much longer than its longest pause of the period. Either way so many events must
be missing that chance is ruled out. Hours in which no ingest process could take events say nothing about anybody.

Source: playbook section 7 (`source_silent`), definition 41.
"""

from collections.abc import Collection, Mapping
from itertools import pairwise

import msgspec

from shared.kernel.clock import HOUR_MS

DAY_HOURS = 24


class Yardstick(msgspec.Struct, frozen=True):
    """The numbers of the playbook's rule."""

    days: int
    silent_hours: int
    missed_events: int
    pauses: int

    @property
    def period_ms(self) -> int:
        """The time after which a source's traffic repeats itself, in milliseconds."""
        return self.days * DAY_HOURS * HOUR_MS


class Silence(msgspec.Struct, frozen=True):
    """A source is silent. Units: `at` is the end of the hour that decided, in milliseconds."""

    at: int
    usual_per_hour: float
    missed_hours: int
    missed_events: int


def judge(heard: Mapping[int, int], listened: Collection[int], now_hour: int, yardstick: Yardstick) -> Silence | None:
    """Return the silence of a source, None while there is none or while it is not known for a period.

    Shape: `heard` has the events of each hour with traffic, `listened` the hours in which events could be taken; later
    instants give the same answer until it is heard again. Units: hours by their first instant; `now_hour` is the first
    hour that is not over.
    """
    if not heard:
        return None
    last, period_ms = max(heard), yardstick.period_ms
    if last - min(heard) < period_ms:
        return None
    begin = last - period_ms
    week = sorted(hour for hour in heard if hour > begin)
    total = sum(heard[hour] for hour in week)
    longest = max(after - before for before, after in pairwise([begin, *week])) // HOUR_MS - 1
    patience = yardstick.pauses * longest + yardstick.silent_hours
    quiet = due = missed = 0
    for hour in range(last + HOUR_MS, now_hour, HOUR_MS):
        if hour not in listened:
            continue
        quiet += 1
        before = hour - period_ms
        if all(heard.get(near, 0) for near in (before - HOUR_MS, before, before + HOUR_MS)):
            due += 1
            missed += heard[before]
        by_pattern = due >= yardstick.silent_hours and missed >= yardstick.missed_events
        by_pause = quiet >= patience and quiet * HOUR_MS * total >= yardstick.missed_events * period_ms
        if by_pattern or by_pause:
            return Silence(hour + HOUR_MS, round(total * HOUR_MS / period_ms, 2), due or quiet, missed)
    return None
