"""Numbers, times and names as people read them."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
ABBREVIATED_AT = 1_000_000
SLUG = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
ACRONYMS = frozenset({"acv", "ae", "api", "cs", "csat", "csm", "nps", "qbr", "sa", "smb"})


def number(value: float | str | None) -> str:
    """Return a number with thousands separated and at most two decimal places; a text as it is; None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    rounded = round(value, 2)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.2f}".rstrip("0")


def money(amount: float, currency: str) -> str:
    """Return an amount without cents: `€12,000`, `CHF 12,000`, `€1.25 M`."""
    sign = SYMBOLS.get(currency, f"{currency} ")
    if abs(amount) >= ABBREVIATED_AT:
        return f"{sign}{amount / ABBREVIATED_AT:.2f} M"
    return f"{sign}{round(amount):,}"


def instant(at_ms: int, time_zone: str = "UTC") -> str:
    """Return an instant in a person's time zone, `Tue 24 Nov 2026, 17:00 UTC`; in UTC when the zone is not known."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    moment = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone)
    return moment.strftime("%a %-d %b %Y, %H:%M %Z")


def duration(ms: int) -> str:
    """Return a length of time in its largest unit, rounded down: `3 days`, `1 hour`, `20 seconds`."""
    seconds = max(ms, 0) // 1000
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return _count(seconds // size, unit)
    return _count(seconds, "second")


def words_of(slug: str) -> str:
    """Return a machine's name as words: `cs_led` becomes `CS led`; a text for people stays as it is."""
    text = slug.strip()
    if SLUG.fullmatch(text):
        text = " ".join(word.upper() if word in ACRONYMS else word for word in text.split("_"))
    return text[:1].upper() + text[1:]


def shorten(text: str, most: int) -> str:
    """Return a text of at most `most` characters on one line; what was cut is shown by an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _count(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
