"""Service levels. Source: playbook sections 7 and 9, definition 79.

A week in June 2026, and what "five business days after" means in it::

    Mo 1   Tu 2   We 3   Th 4   Fr 5   Sa 6   Su 7   Mo 8
    start   1      2      3      4      -      -      5 (same time of day)
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.pipeline.core import sla
from services.pipeline.core.stages import Stage
from services.pipeline.workdays import Workdays
from shared.kernel.errors import ConfigurationError
from tests.support.pipeline.samples import DAY, HOUR, NOON, make_trigger
from tests.support.playbooks import shipped

BOOK = shipped()
UTC = Workdays().default
BAVARIA = Workdays().calendar("Europe/Berlin", "DE-BY")
NEW_YORK = Workdays().calendar("America/New_York", "US")


def at(text: str, zone: str = "UTC") -> int:
    """Return the instant of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-06-01T12:00", 5, "2026-06-08T12:00"),
        ("2026-06-05T23:00", 5, "2026-06-12T23:00"),
        ("2026-06-06T10:00", 5, "2026-06-15T00:00"),
        ("2026-06-07T23:59", 5, "2026-06-15T00:00"),
        ("2026-06-08T00:00", 5, "2026-06-15T00:00"),
        ("2026-06-01T12:00", 0, "2026-06-01T12:00"),
    ],
)
def test_business_days_leave_weekends_out(start: str, days: int, due: str) -> None:
    """What starts on a weekend starts with Monday, so that an earlier start is never due later."""
    assert sla.add_business_days(at(start), days, UTC) == at(due)


def test_public_holidays_where_the_owner_is_are_no_business_days() -> None:
    """Corpus Christi (4 June 2026) is a holiday in Bavaria and a day of work in New York."""
    start = "2026-06-01T09:00"
    assert sla.add_business_days(at(start, "Europe/Berlin"), 5, BAVARIA) == at("2026-06-09T09:00", "Europe/Berlin")
    assert sla.add_business_days(at(start, "America/New_York"), 5, NEW_YORK) == at(
        "2026-06-08T09:00", "America/New_York"
    )


def test_the_day_is_that_of_the_owners_time_zone() -> None:
    """Friday evening in New York is Saturday in UTC, and still a business day for its owner."""
    start = at("2026-06-05T21:00", "America/New_York")
    assert sla.add_business_days(start, 1, NEW_YORK) == at("2026-06-08T21:00", "America/New_York")
    assert sla.add_business_days(start, 1, UTC) == at("2026-06-09T00:00")


def test_the_time_of_day_stays_when_clocks_change() -> None:
    """Summer time ends in Berlin on 25 October 2026: Monday at nine is an hour later in UTC."""
    start = at("2026-10-23T09:00", "Europe/Berlin")
    assert sla.add_business_days(start, 1, BAVARIA) == at("2026-10-26T09:00", "Europe/Berlin") == start + 3 * DAY + HOUR


@pytest.mark.parametrize(
    ("stage", "due"),
    [
        (Stage.TRIGGER_FIRED, NOON + 48 * HOUR),
        (Stage.CSQL_CREATED, at("2026-06-08T12:00")),
        (Stage.QUALIFIED, at("2026-06-15T12:00")),
        (Stage.PROPOSAL_SENT, None),
        (Stage.NEGOTIATION, at("2026-06-22T12:00")),
        (Stage.CLOSED_WON, None),
        (Stage.CLOSED_LOST, None),
        (Stage.DISQUALIFIED, None),
    ],
)
def test_each_stage_is_due_as_the_playbook_says(stage: Stage, due: int | None) -> None:
    """48 hours elapsed, then 5 and 10 business days to the next stage, and 15 in negotiation."""
    assert sla.due_at(stage, NOON, BOOK.csql, UTC) == due


def test_48_hours_are_elapsed_time_also_over_a_weekend() -> None:
    """The first service level knows no weekends."""
    friday = at("2026-06-05T18:00")
    assert sla.due_at(Stage.TRIGGER_FIRED, friday, BOOK.csql, UTC) == at("2026-06-07T18:00")


def test_the_clock_stands_still_while_a_lead_is_snoozed() -> None:
    """What was left when it fell asleep is left when it wakes: hours as hours, business days as business days."""
    wake = at("2026-06-20T00:00")
    hours = sla.pause(Stage.TRIGGER_FIRED, NOON + 48 * HOUR, NOON + 40 * HOUR, wake, model=BOOK.csql, calendar=UTC)
    assert hours == wake + 8 * HOUR
    due = at("2026-06-08T12:00")
    days = sla.pause(Stage.CSQL_CREATED, due, at("2026-06-03T12:00"), wake, model=BOOK.csql, calendar=UTC)
    assert days == at("2026-06-25T00:00"), "three business days from Saturday the 20th"


def test_a_lead_that_was_late_is_due_when_it_wakes() -> None:
    """Snoozing makes no time of what had run out."""
    wake = at("2026-06-20T00:00")
    for now in (NOON, NOON + 1):
        assert sla.pause(Stage.QUALIFIED, NOON, now, wake, model=BOOK.csql, calendar=UTC) == wake


@pytest.mark.parametrize("zone", ["Europe", "Mars/Olympus", "../../etc/passwd"])
def test_a_time_zone_that_is_none_is_said_also_when_it_is_a_folder_of_zones(zone: str) -> None:
    """And is no trouble of the disk or the database."""
    with pytest.raises(ConfigurationError, match="name one as Europe/Berlin"):
        Workdays().calendar(zone, "")


def test_a_lead_wakes_when_the_day_begins_where_its_owner_is() -> None:
    """Midnight in Berlin is ten in the evening in UTC."""
    wake = sla.wake_ms(date(2026, 6, 20), BAVARIA)
    assert wake == at("2026-06-19T22:00")
    assert sla.local_date(wake, BAVARIA) == date(2026, 6, 20)
    assert sla.local_date(wake - 1, BAVARIA) == date(2026, 6, 19)


def test_the_task_of_a_contraction_risk_escalates_at_45_days_and_is_overdue_at_90() -> None:
    """Both from the instant of the trigger."""
    trigger = make_trigger(rule="contraction_risk", kind="risk")
    clock = sla.task_clock(trigger, BOOK.rules.contraction_risk)
    assert clock == sla.TaskClock(NOON + 45 * DAY, NOON + 90 * DAY)


def test_any_other_task_is_due_when_its_response_is() -> None:
    """The trigger says until when somebody should have answered."""
    trigger = make_trigger(rule="nps_drop", kind="risk", response_due=NOON + 3 * DAY)
    assert sla.task_clock(trigger, BOOK.rules.contraction_risk) == sla.TaskClock(NOON + 3 * DAY, NOON + 3 * DAY)
