"""Business days, for any start, number, place and holidays. Source: playbook section 9."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.pipeline.core.sla import Calendar, add_business_days, business_days_between
from shared.kernel.clock import DAY_MS

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Kiritimati"]
FIRST = date(2026, 1, 1)
starts = st.integers(1_767_225_600_000, 1_798_761_600_000)  # all of 2026
numbers = st.integers(0, 30)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any zone, any weekend that leaves a day to work, any holidays."""
    weekend = draw(st.frozensets(st.integers(0, 6), max_size=6))
    holidays = {FIRST + timedelta(days=day) for day in draw(st.sets(st.integers(0, 450), max_size=60))}
    return Calendar(ZoneInfo(draw(st.sampled_from(ZONES))), weekend, holidays.__contains__)


def local(instant_ms: int, calendar: Calendar) -> datetime:
    """Return the time on the owner's clock."""
    return datetime.fromtimestamp(instant_ms / 1000, calendar.time_zone)


@given(starts, numbers, calendars())
def test_the_number_of_business_days_passed_is_the_number_asked_for(start: int, days: int, calendar: Calendar) -> None:
    """Counted naively, date by date: from the date at which the start counts to that of the due instant."""
    due = local(add_business_days(start, days, calendar), calendar)
    begun = local(add_business_days(start, 0, calendar), calendar)
    passed, day = 0, begun.date()
    while day < due.date():
        day += timedelta(days=1)
        passed += calendar.works_on(day)
    assert passed == days
    assert calendar.works_on(due.date())
    assert due.time() == begun.time() or _skipped(begun, due)


@given(starts, numbers, calendars(), st.integers(0, 3 * DAY_MS))
def test_an_earlier_start_is_never_due_later(start: int, days: int, calendar: Calendar, later: int) -> None:
    """Except for the hour that clocks are set back, which only one of the two may have passed."""
    first, second = (add_business_days(one, days, calendar) for one in (start, start + later))
    assert first <= second + 3_600_000


@given(starts, numbers, calendars())
def test_the_days_between_are_the_days_added(start: int, days: int, calendar: Calendar) -> None:
    """Adding and counting are inverse."""
    assert business_days_between(start, add_business_days(start, days, calendar), calendar) == (
        days if days or calendar.works_on(local(start, calendar).date()) else 0
    )


def _skipped(begun: datetime, due: datetime) -> bool:
    """Return whether the time of day does not exist on the due date, because clocks are set forward."""
    wanted = datetime.combine(due.date(), begun.time(), due.tzinfo)
    return wanted.astimezone(ZoneInfo("UTC")).astimezone(due.tzinfo).time() != wanted.time()
