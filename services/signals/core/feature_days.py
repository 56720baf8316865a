"""On which days a feature was used: noting them in a bitmap, and counting them.

Units: days since 1970 (UTC). Source: design (state), playbook section 4.
"""

from services.signals.core import sharing
from services.signals.core.use_days import UseDays

KEPT_BITS = 62  # days of use that a bitmap remembers: two windows of 30 and room to spare
ALL_BITS = (1 << KEPT_BITS) - 1


def note_use(feature: UseDays, day: int) -> None:
    """Note a use."""
    newest = feature.newest
    shift = day - newest
    if shift > 0:
        feature.bits = (feature.bits << shift | 1) & ALL_BITS if shift < KEPT_BITS else 1
        feature.newest = sharing.number(day)
    elif -shift < KEPT_BITS:
        feature.bits |= 1 << -shift
    if day > feature.touched:
        feature.touched = sharing.number(day)


def note_refusal(feature: UseDays, day: int) -> None:
    """Note that the product refused a use."""
    feature.touched = sharing.number(max(feature.touched, day))


def days_used(feature: UseDays, today: int, days: int) -> int:
    """Return on how many of the `days` that end today it was used."""
    room = days - (today - feature.newest)
    if room <= 0:
        return 0
    return (feature.bits & ((1 << room) - 1)).bit_count()
