"""Instants and days as integers. Nothing here reads a clock: time is always an argument.

Units: an *instant* is milliseconds since 1970-01-01 UTC; a *day* is a count of UTC days since then.
Source: playbook section 4, definitions 46 and 47.
"""

from datetime import UTC, date, datetime
from functools import lru_cache

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
MIN_INSTANT_MS = -2_208_988_800_000  # 1900-01-01: earlier values are a client's mistake
MAX_INSTANT_MS = 4_102_444_800_000  # 2100-01-01: later ones too, and a day past it would freeze an account's clock


def day_of(instant_ms: int) -> int:
    """Return the UTC day that holds an instant."""
    return instant_ms // DAY_MS


def midnight_ms(day: int) -> int:
    """Return the first instant of a day."""
    return day * DAY_MS


def day_from_date(value: date) -> int:
    """Return the day number of a calendar date."""
    return value.toordinal() - EPOCH_ORDINAL


def date_from_day(day: int) -> date:
    """Return the calendar date of a day number."""
    return date.fromordinal(day + EPOCH_ORDINAL)


def parse_instant(value: int | str) -> int:
    """Return the instant that a client wrote.

    Shape: RFC 3339 text (without an offset it is UTC, a bare date is its midnight) or integer milliseconds.
    Errors: `ValueError` with one sentence when it is neither, or lies outside 1900–2100.
    Source: definition 46.
    """
    if type(value) is int:
        instant_ms = value
    else:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"must be RFC 3339 text or integer milliseconds, got {value!r:.60}") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        since = moment - EPOCH
        instant_ms = since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000
    if not MIN_INSTANT_MS <= instant_ms < MAX_INSTANT_MS:
        raise ValueError(f"must lie between 1900 and 2100, got {value!r:.60}")
    return instant_ms


def iso(instant_ms: int) -> str:
    """Return an instant as RFC 3339 text with milliseconds, in UTC."""
    seconds, ms = divmod(instant_ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms:03d}Z"


@lru_cache(maxsize=2048)
def iso_day(day: int) -> str:
    """Return a day as `YYYY-MM-DD`."""
    return date_from_day(day).isoformat()
