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
ORDER = {None: 0, "nurture": 0, "outreach": 1, "owner": 2, "executive": 3}
HAPPENINGS: st.SearchStrategy[tuple[str, dict[str, object]]] = st.one_of(
    st.tuples(
        st.just("usage.recorded"),
        st.fixed_dictionaries({"metric": st.just("api_calls"), "quantity": st.sampled_from(QUANTITIES)}),
    ),
    st.tuples(st.just("session.started"), st.just({})),
    st.tuples(st.just("user.provisioned"), st.just({})),
    st.tuples(st.just("feature.blocked"), st.fixed_dictionaries({"feature": st.sampled_from(GATED)})),
    st.tuples(
        st.just("feature.used"),
        st.fixed_dictionaries({"feature": st.sampled_from(GATED), "metric": st.just("api_calls")}),
    ),
)
LATE = st.sampled_from([0, 0, 0, 5, DAY, 3 * DAY, 10 * DAY, 30 * DAY])


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
    days = draw(st.lists(st.lists(st.tuples(HAPPENINGS, users, LATE), max_size=8), min_size=1, max_size=8))
    for number, happenings in enumerate(days):
        noon = instant(START) + number * DAY * MINUTE_MS
        lines = [
            event(kind, ACCOUNT, noon - late * MINUTE_MS, f"e{number}-{index}", user=user, properties=properties)
            for index, ((kind, properties), user, late) in enumerate(happenings)
        ]
        tick = control("tick", noon - 60 * MINUTE_MS)
        first.append((tick, *lines))
        second.append((tick, *draw(st.permutations(lines))))
    return Arrivals(tuple(first), tuple(second))


def fired(subject: str, days: tuple[tuple[bytes, ...], ...]) -> dict[tuple[str, str | None, int], int]:
    """Return the highest level that fired, held or not, by rule, scope and day."""
    facts: dict[str, object] = {"seats": 3, "plan": "Starter", "limits": {"api_calls": 100}, "billing_anchor": 23}
    told_by = SUBJECTS[subject]([PLAYBOOKS["open"]], PARTITION, PARTITIONS)
    told: list[Told] = told_by.fold(event("account.updated", ACCOUNT, "2026-01-01", "facts", properties=facts))
    for day in days:
        for line in day:
            told += told_by.fold(line)
    highest: dict[tuple[str, str | None, int], int] = {}
    for one in told:
        if one.record in {"fired", "held"}:
            key = (one.rule, one.scope, day_of(one.occurred_at))
            highest[key] = max(highest.get(key, 0), ORDER[one.level])
    return highest


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
@given(drawn=arrivals())
def test_1_permuting_a_days_events_changes_neither_day_nor_highest_level(subject: str, drawn: Arrivals) -> None:
    """While facts and gauges stand still; which lower levels were passed on the way may differ."""
    assert fired(subject, drawn.first) == fired(subject, drawn.second)
