"""Billing periods, contract anniversaries and distances between dates.

Units: days since 1970. Source: definitions 6, 7, 30 and 46.
"""

from calendar import monthrange
from datetime import date

from shared.kernel.clock import EPOCH_ORDINAL, date_from_day


def _anchored(year: int, month: int, anchor: int) -> int:
    last = monthrange(year, month)[1]
    return date(year, month, min(anchor, last)).toordinal() - EPOCH_ORDINAL


def monthly_period(day: int, anchor: int) -> tuple[int, int]:
    """Return the first day of the billing month that holds `day`, and the first day of the next one.

    A period begins on the anchor, or on the month's last day when the month is shorter; it never drifts.
    """
    today = date_from_day(day)
    begin = _anchored(today.year, today.month, anchor)
    if day < begin:
        year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
        return _anchored(year, month, anchor), begin
    year, month = (today.year, today.month + 1) if today.month < 12 else (today.year + 1, 1)  # noqa: PLR2004 - the months of a year
    return begin, _anchored(year, month, anchor)


def annual_period(day: int, anchor: int, month: int) -> tuple[int, int]:
    """Return the first day of the billing year that holds `day`, and the first day of the next one."""
    year = date_from_day(day).year
    begin = _anchored(year, month, anchor)
    if day < begin:
        return _anchored(year - 1, month, anchor), begin
    return begin, _anchored(year + 1, month, anchor)
