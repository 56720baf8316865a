"""Service levels: until when a lead must have moved on, by elapsed time or by business days.

A business day is neither a weekend nor a public holiday where the owner is; days begin in the owner's time zone. What
starts on another day starts with the next business day. Source: playbook section 9, definition 79.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from services.pipeline.core.stages import MOVES, Stage
from shared.kernel.clock import DAY_MS, EPOCH, HOUR_MS
from shared.kernel.playbook.risk import ContractionRisk
from shared.kernel.playbook.routing import CsqlModel, StageSla
from shared.kernel.triggers import Trigger

BUSINESS_DAYS = "business_days"
CONTRACTION_RISK = "contraction_risk"


class Calendar(msgspec.Struct, frozen=True):
    """When somebody works. Shape: `weekend` are ISO weekdays less one (Monday 0); `is_holiday` answers for a date."""

    time_zone: ZoneInfo
    weekend: frozenset[int]
    is_holiday: Callable[[date], bool]

    def works_on(self, day: date) -> bool:
        """Return whether a date is a business day."""
        return day.weekday() not in self.weekend and not self.is_holiday(day)


def add_business_days(start_ms: int, days: int, calendar: Calendar) -> int:
    """Return the instant so many business days after another: the same time of day, that many working dates later."""
    moment = _settle(_local(start_ms, calendar), calendar)
    day = moment.date()
    for _ in range(days):
        day = _next_working(day, calendar)
    return _instant(datetime.combine(day, moment.timetz()))


def business_days_between(start_ms: int, end_ms: int, calendar: Calendar) -> int:
    """Return how many business days lie between two instants, a begun one counted as whole."""
    days = 0
    while add_business_days(start_ms, days, calendar) < end_ms:
        days += 1
    return days


def due_at(stage: Stage, since_ms: int, model: CsqlModel, calendar: Calendar) -> int | None:
    """Return until when a lead must leave its stage, or None when nothing presses.

    Shape: `since_ms` is when the stage was reached; for a released trigger that is its release.
    """
    instants = [_due(sla, since_ms, calendar) for sla in _pressing(stage, model)]
    return min(instants, default=None)


def pause(stage: Stage, due_ms: int, now_ms: int, until_ms: int, *, model: CsqlModel, calendar: Calendar) -> int:
    """Return the due instant of a lead whose clock stands still from now until then: what was left is left then."""
    left_ms = due_ms - now_ms
    if left_ms <= 0:
        return until_ms
    if any(sla.unit != BUSINESS_DAYS for sla in _pressing(stage, model)):
        return until_ms + left_ms
    return add_business_days(until_ms, business_days_between(now_ms, due_ms, calendar), calendar)


def wake_ms(day: date, calendar: Calendar) -> int:
    """Return the first instant of a date where the owner is."""
    return _instant(datetime.combine(day, time(0), calendar.time_zone))


def local_date(instant_ms: int, calendar: Calendar) -> date:
    """Return the date of an instant where the owner is."""
    return _local(instant_ms, calendar).date()


def _pressing(stage: Stage, model: CsqlModel) -> list[StageSla]:
    """The service levels that run in a stage: its own, and those of reaching the stages that follow it."""
    found = []
    for row in model.stages:
        if row.sla is None:
            continue
        if row.sla.in_stage:
            if row.key == stage:
                found.append(row.sla)
        elif row.sla.after == stage and row.key in MOVES[stage]:
            found.append(row.sla)
    return found


def _due(sla: StageSla, since_ms: int, calendar: Calendar) -> int:
    if sla.unit == BUSINESS_DAYS:
        return add_business_days(since_ms, sla.amount, calendar)
    return since_ms + sla.amount * HOUR_MS


def _settle(moment: datetime, calendar: Calendar) -> datetime:
    if calendar.works_on(moment.date()):
        return moment
    return datetime.combine(_next_working(moment.date(), calendar), time(0), calendar.time_zone)


def _next_working(day: date, calendar: Calendar) -> date:
    day += timedelta(days=1)
    while not calendar.works_on(day):
        day += timedelta(days=1)
    return day


def _local(instant_ms: int, calendar: Calendar) -> datetime:
    return (EPOCH + timedelta(milliseconds=instant_ms)).astimezone(calendar.time_zone)


def _instant(moment: datetime) -> int:
    since = moment.astimezone(UTC) - EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000


class TaskClock(msgspec.Struct, frozen=True):
    """When a task presses: it escalates at the one instant, and is overdue at the other. Units: milliseconds."""

    escalate_at: int
    due_at: int


def task_clock(trigger: Trigger, contraction: ContractionRisk) -> TaskClock:
    """Return the clock of the task that a trigger makes.

    Source: playbook section 7 (`contraction_risk` escalates at 45 days and is overdue at 90); others: their response.
    """
    if trigger.rule == CONTRACTION_RISK:
        days = (contraction.escalate_days, contraction.overdue_days)
        return TaskClock(*(trigger.occurred_at + each * DAY_MS for each in days))
    due_ms = trigger.recommendation.response_due
    return TaskClock(due_ms, due_ms)
