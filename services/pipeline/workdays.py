"""Calendars: where somebody is, and which days are public holidays there. From the library `holidays`."""

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from services.pipeline.core.sla import Calendar
from shared.kernel.errors import ConfigurationError
from shared.kernel.people import Person

WEEK = frozenset(range(7))
SATURDAY_AND_SUNDAY = frozenset({5, 6})


class Workdays:
    """Makes and keeps the calendars. `country` is that of people without one of their own."""

    def __init__(self, country: str = "") -> None:
        self._country = country
        self._known: dict[tuple[str, str], Calendar] = {}
        self.default = self.calendar("UTC", country)

    def of(self, person: Person | None) -> Calendar:
        """Return the calendar of a person; of nobody: the default in UTC."""
        if person is None:
            return self.default
        return self.calendar(person.time_zone, person.country or self._country)

    def calendar(self, time_zone: str, country: str) -> Calendar:
        """Return the calendar of a time zone and a country. Errors: `ConfigurationError` for unknown ones."""
        key = (time_zone, country)
        if key not in self._known:
            self._known[key] = _make_calendar(time_zone, country)
        return self._known[key]


def _make_calendar(time_zone: str, country: str) -> Calendar:
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones as Europe is an OSError
        raise ConfigurationError(f"time_zone {time_zone!r:.60} is not known; name one as Europe/Berlin") from None
    if not country:
        return Calendar(zone, SATURDAY_AND_SUNDAY, _no_holiday)
    code, _, part = country.partition("-")
    try:
        days = holidays.country_holidays(code, subdiv=part or None)
    except NotImplementedError:
        raise ConfigurationError(f"country {country!r:.60} is not known; name one as DE or DE-BY") from None
    weekend = frozenset(days.weekend)
    return Calendar(zone, weekend if weekend < WEEK else SATURDAY_AND_SUNDAY, days.__contains__)


def _no_holiday(_day: date) -> bool:
    return False
