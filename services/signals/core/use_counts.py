"""Counts by day, added to and summed up; what of them lies in pages is in `use_state`.

Source: design (state).
"""

from services.signals.core import sharing
from services.signals.core.use_state import KEPT_DAYS, Counts


def add(counts: Counts, day: int, number: int, kept: int = KEPT_DAYS) -> None:
    """Add to a day; no more than the newest `kept` days are remembered."""
    by_day, newest = counts.by_day, counts.newest
    ahead = day - newest
    if not by_day:
        counts.newest, counts.by_day = sharing.number(day), [number]
    elif ahead > 0:
        if ahead > 1:
            by_day += [0] * (min(ahead, kept) - 1)
        by_day.append(number)
        counts.newest = sharing.number(day)
        if len(by_day) > kept:
            del by_day[:-kept]
    elif -ahead < kept:
        by_day[:0] = [0] * (1 - ahead - len(by_day))
        by_day[ahead - 1] += number


def within(counts: Counts, last_day: int, days: int) -> int:
    """Return the sum over the `days` that end on `last_day`."""
    by_day, ahead = counts.by_day, counts.newest - last_day
    length = len(by_day)
    end = length - max(0, ahead)
    begin = max(0, length - ahead - days)
    return sum(by_day[begin:end]) if end > 0 else 0
