"""When people work: weekdays, holidays, seasons, and the hours of a day.

Shape: all activity lies between 07:00 and 19:30 UTC, so that a clock that is three hours wrong stays within its day.
"""

import math
from functools import cache

from shared.kernel.clock import MINUTE_MS, date_from_day, midnight_ms

SATURDAY = 5
WEEKEND_SHARE = 0.12
HOLIDAY_SHARE = 0.06
SEASON_SWING = 0.06
FIRST_MINUTE, LAST_MINUTE, LUNCH = 7 * 60, 19 * 60, range(12 * 60, 13 * 60)
LUNCH_STEP = 4
EVERYWHERE = ((1, 1), (12, 24), (12, 25), (12, 26), (12, 31))
HOLIDAYS: dict[str, tuple[tuple[int, int], ...]] = {
    "US": ((7, 4), (11, 11), (6, 19)),
    "DE": ((5, 1), (10, 3)),
    "FR": ((5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11)),
    "GB": ((1, 2),),
    "NL": ((4, 27), (5, 5)),
    "SE": ((6, 6), (1, 6)),
    "ES": ((1, 6), (8, 15), (10, 12), (12, 6), (12, 8)),
    "JP": ((2, 11), (4, 29), (5, 3), (5, 4), (5, 5), (11, 3), (11, 23)),
    "CA": ((7, 1), (9, 30)),
    "AU": ((1, 26), (4, 25)),
}
COUNTRIES = tuple(HOLIDAYS)
MINUTES = tuple(
    minute
    for number, minute in enumerate(range(FIRST_MINUTE, LAST_MINUTE))
    if minute not in LUNCH or number % LUNCH_STEP == 0
)


@cache
def workload(day: int, country: str) -> float:
    """Return how much is worked on a day, where 1 is an ordinary workday: weekends, holidays and seasons."""
    date = date_from_day(day)
    season = 1 + SEASON_SWING * math.cos(2 * math.pi * (date.timetuple().tm_yday - 100) / 365)
    if (date.month, date.day) in EVERYWHERE or (date.month, date.day) in HOLIDAYS[country]:
        return HOLIDAY_SHARE
    return season * (WEEKEND_SHARE if date.weekday() >= SATURDAY else 1.0)


def moment(day: int, chance: float) -> int:
    """Return the instant within a day's working hours that a chance of 0-1 falls on."""
    place = chance * len(MINUTES)
    whole = int(place)
    return midnight_ms(day) + MINUTES[whole] * MINUTE_MS + int((place - whole) * MINUTE_MS)


@cache
def date_text(day: int) -> str:
    """Return a day as `YYYY-MM-DD`."""
    return date_from_day(day).isoformat()
