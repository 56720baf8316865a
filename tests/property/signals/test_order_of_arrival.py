"""Definition 1: within a day of the account, the order of arrival changes neither the day nor the highest level."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.clock import day_of
from tests.oracle.adapters import SUBJECTS
from tests.oracle.subject import Told
from tests.oracle.writing import control, event, instant
from tests.property.signals.companies import (
    ACCOUNTS,
    DAY,
    MINUTE_MS,
    PARTITION,
    PARTITIONS,
    START,
    users,
)
from tests.property.signals.playbooks import PLAYBOOKS
from tests.property.signals.vocabulary import GATED, QUANTITIES

ACCOUNT = ACCOUNTS[0]
LEVELS = {None: 0, "nurture": 0, "outreach": 1, "owner": 2, "executive": 3, "growth": 0, "tenfold": 1}
NAMED = {  # by definition 1
    "usage_ceiling",
    "limit_hit_again",
    "seat_saturation",
    "gated_exploration",
    "feature_gap",
    "addon_problem",
    "usage_velocity",
    "department_expansion",
    "department_adjacent",
    "buying_intent",
    "ticket_surge",
    "competitor_mention",
}
Happening = tuple[str, dict[str, object], int]
LATE = st.sampled_from([0, 0, 0, 5, DAY, 3 * DAY, 10 * DAY, 30 * DAY])
# What lies in the earlier of two windows lowers a comparison, and what was high before it fell stays fired: so what is
# compared comes on its own day, or on the one before, which is in the later window as well.
SOON = st.sampled_from([0, 0, 0, 5, DAY])


def happening(kind: str, late: st.SearchStrategy[int], /, **properties: list[object]) -> st.SearchStrategy[Happening]:
    """Draw one event of a type, with one of some values for each of its properties."""
    given = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in properties.items()})
    return st.tuples(st.just(kind), given, late)


HAPPENINGS: st.SearchStrategy[Happening] = st.one_of(
    happening("usage.recorded", SOON, metric=["api_calls"], quantity=list(QUANTITIES)),
    happening("session.started", LATE),
    happening("feature.blocked", LATE, feature=list(GATED)),
    happening("feature.used", SOON, feature=[*GATED, "imports", "reports"], metric=["api_calls"]),
    happening("limit.reached", LATE, metric=["api_calls", "exports"]),
    happening("ticket.opened", SOON, ticket_id=["t"], severity=["high", "low"]),
    happening("competitor.mentioned", LATE),
    happening("capability.requested", LATE),
    happening("pricing.viewed", LATE),
    happening("engagement.recorded", LATE, kind=["webinar", "reply"]),
)
PEOPLE = {"u1": "Sales", "u2": "Sales", "u3": "Finance", "u4": "Finance"}


@dataclass(frozen=True)
class Arrivals:
    """Days of an account, each with the lines that arrive on it, in two orders."""

    first: tuple[tuple[bytes, ...], ...]
    second: tuple[tuple[bytes, ...], ...]


@st.composite
def arrivals(draw: st.DrawFn) -> Arrivals:
    """Draw some days, and for each another order of its lines."""
    first: list[tuple[bytes, ...]] = []
    second: list[tuple[bytes, ...]] = []
    days = draw(st.lists(st.lists(st.tuples(HAPPENINGS, users), max_size=8), min_size=1, max_size=8))
    for number, happenings in enumerate(days):
        noon = instant(START) + number * DAY * MINUTE_MS
        lines = [
            event(kind, ACCOUNT, noon - late * MINUTE_MS, f"e{number}-{index}", user=user, properties=properties)
            for index, ((kind, properties, late), user) in enumerate(happenings)
        ]
        tick = control("tick", noon - 60 * MINUTE_MS)
        first.append((tick, *lines))
        second.append((tick, *draw(st.permutations(lines))))
    return Arrivals(tuple(first), tuple(second))


def beginning() -> list[bytes]:
    """Return what the account is like before: its facts, a plan with much above it, and people with departments."""
    facts: dict[str, object] = {
        "seats": 3,
        "plan": "Starter",
        "limits": {"api_calls": 100},
        "billing_anchor": 23,
        "onboarded_at": "2025-10-01",
    }
    told = [event("account.updated", ACCOUNT, "2026-01-01", "facts", properties=facts)]
    told.append(event("usage.recorded", ACCOUNT, START, "use", properties={"metric": "api_calls", "quantity": 20}))
    for user, department in PEOPLE.items():
        named = {"department": department}
        told.append(event("user.provisioned", ACCOUNT, START, f"join-{user}", user=user, properties=named))
    return told


def fired(subject: str, judged_by: str, days: tuple[tuple[bytes, ...], ...]) -> dict[tuple[str, str | None, int], int]:
    """Return the highest level that fired, held or not, by rule, scope and day."""
    told_by = SUBJECTS[subject]([PLAYBOOKS[judged_by]], PARTITION, PARTITIONS)
    told: list[Told] = []
    for line in [*beginning(), *(line for day in days for line in day)]:
        told += told_by.fold(line)
    highest: dict[tuple[str, str | None, int], int] = {}
    for one in told:
        if one.record in {"fired", "held"} and one.rule in NAMED:
            key = (one.rule, one.scope, day_of(one.occurred_at))
            highest[key] = max(highest.get(key, 0), LEVELS[one.level])
    return highest


@pytest.mark.parametrize(("subject", "judged_by"), [("engine", "open"), ("engine", "small"), ("oracle", "small")])
@given(drawn=arrivals())
def test_1_permuting_a_days_events_changes_neither_day_nor_highest_level(
    subject: str, judged_by: str, drawn: Arrivals
) -> None:
    """While facts and gauges stand still; which lower levels were passed on the way may differ."""
    assert fired(subject, judged_by, drawn.first) == fired(subject, judged_by, drawn.second)
