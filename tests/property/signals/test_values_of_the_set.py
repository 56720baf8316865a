"""Definition 36: values are functions of the events received and of the day, whatever the order of their arrival.

Departures are told on time here: what one takes away that is told days later may depend on what came in between.
"""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.adapters import EngineSubject
from tests.oracle.subject import Told
from tests.oracle.writing import control, event, instant
from tests.property.signals.companies import ACCOUNTS, DAY, MINUTE_MS, PARTITION, PARTITIONS, START
from tests.property.signals.playbooks import PLAYBOOKS
from tests.property.signals.vocabulary import NEEDS

ACCOUNT = ACCOUNTS[0]
RULES = ("headcount_growth", "power_user", "qbr_outcome")
LATE = st.sampled_from([0, 0, 0, 5, DAY, 3 * DAY, 10 * DAY])
Happening = tuple[str, dict[str, object], str | None, int]
users = st.sampled_from(["u1", "u1", "u1", "u2", "u3"])
HAPPENINGS: st.SearchStrategy[Happening] = st.one_of(
    st.tuples(st.just("session.started"), st.just({}), users, LATE),
    st.tuples(st.just("session.started"), st.just({}), users, LATE),
    st.tuples(st.just("feature.used"), st.just({"feature": "reports"}), users, LATE),
    st.tuples(st.sampled_from(["user.deactivated", "user.erased"]), st.just({}), users, st.just(0)),
    st.tuples(
        st.just("account.updated"),
        st.fixed_dictionaries({"employees": st.sampled_from([None, 0, 80, 100, 120])}),
        st.none(),
        LATE,
    ),
    st.tuples(st.just("qbr.held"), st.fixed_dictionaries({"unmet_needs": st.sampled_from(NEEDS)}), st.none(), LATE),
)


@dataclass(frozen=True)
class Arrivals:
    """Days, each with its lines in two orders."""

    first: tuple[tuple[bytes, ...], ...]
    second: tuple[tuple[bytes, ...], ...]


@st.composite
def arrivals(draw: st.DrawFn) -> Arrivals:
    """Draw some days, and for each another order of its lines."""
    first: list[tuple[bytes, ...]] = []
    second: list[tuple[bytes, ...]] = []
    for number, happenings in enumerate(draw(st.lists(st.lists(HAPPENINGS, max_size=10), min_size=2, max_size=7))):
        noon = instant(START) + number * DAY * MINUTE_MS
        lines = [
            event(
                kind,
                ACCOUNT,
                noon + index * MINUTE_MS - late * MINUTE_MS,
                f"e{number}-{index}",
                user=user,
                properties=properties,
            )
            for index, (kind, properties, user, late) in enumerate(happenings)
        ]
        tick = control("tick", noon - 60 * MINUTE_MS)
        first.append((tick, *lines))
        second.append((tick, *draw(st.permutations(lines))))
    return Arrivals(tuple(first), tuple(second))


def values(days: tuple[tuple[bytes, ...], ...], *, restarts: bool) -> tuple[list[object], set[str]]:
    """Return the values of the rules after each day, and the ids of the one-offs that fired."""
    subject = EngineSubject([PLAYBOOKS["sharp"]], PARTITION, PARTITIONS)
    told: list[Told] = subject.fold(event("session.started", ACCOUNT, "2026-01-01", "first", user="u2"))
    seen: list[object] = []
    for day in days:
        for line in day:
            told += subject.fold(line)
        if restarts:
            subject.flush()
            subject.restart()
        told += subject.fold(event("session.started", ACCOUNT, instant("2026-01-01"), f"look{len(seen)}"))
        rows = [row for row in subject.snapshots[ACCOUNT].rules if row.rule in RULES[:2]]
        seen.append([(row.rule, row.evidence.value, _sorted(row.evidence.numbers)) for row in rows])
    return seen, {one.trigger_id for one in told if one.rule == "qbr_outcome" and one.record in {"fired", "held"}}


def _sorted(numbers: dict[str, object]) -> dict[str, object]:
    return {name: sorted(value) if isinstance(value, list) else value for name, value in numbers.items()}


@given(drawn=arrivals())
def test_36_the_order_of_a_days_arrivals_changes_no_value_at_its_end(drawn: Arrivals) -> None:
    """Headcount with late facts, acts with late ones and departures, and QBRs; one of the two is restarted daily."""
    assert values(drawn.first, restarts=False) == values(drawn.second, restarts=True)
