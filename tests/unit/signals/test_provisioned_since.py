"""Since when a user has had the seat: the earliest provisioning after the latest departure, in any order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from services.signals.core import seats
from services.signals.core.state import Moment
from services.signals.core.user import User
from shared.kernel.clock import DAY_MS

HOUR_MS = 3_600_000
MOMENTS = st.builds(
    lambda day, hour, name: (day * DAY_MS + hour * HOUR_MS, "app", name),
    st.integers(0, 11),
    st.integers(0, 3),
    st.uuids().map(str),
)


def since(user: User) -> int | None:
    """Return the day since which the user has had the seat."""
    return seats.since_day(user)


@given(st.lists(st.tuples(st.sampled_from(["give", "give", "take"]), MOMENTS), max_size=20))
def test_it_is_the_day_of_the_earliest_provisioning_after_the_latest_departure(
    happened: list[tuple[str, Moment]],
) -> None:
    """Compared with all of them kept; two at the same instant are told apart unless both lie between first and last."""
    user, given_to, cut = User(), list[Moment](), (-1, "", "")
    instants = [moment[0] for _kind, moment in happened]
    for kind, moment in happened:
        if instants.count(moment[0]) > 1:
            continue
        if kind == "give":
            given_to.append(moment)
            if moment > cut:
                seats.give(user, moment)
        elif moment > cut:
            cut = moment
            seats.take(user, moment)
        after = [one for one in given_to if one > cut]
        assert since(user) == (min(after)[0] // DAY_MS if after else None)
        assert user.given == (max(after) if after else None)


def test_a_departure_of_the_same_instant_is_told_apart_by_its_id_at_both_ends() -> None:
    """First and last are whole moments."""
    for name, left in (("a", 0), ("z", 2)):
        user = User()
        for day in (0, 2, 4):
            seats.give(user, (day * DAY_MS, "app", "m"))
        seats.take(user, (0, "app", name))
        assert since(user) == left


def test_of_those_between_first_and_last_the_latest_fourteen_days_are_kept() -> None:
    """Thirty days of provisionings; a late departure falls where none are kept: the next one kept stands for it."""
    user = User()
    for day in range(30):
        for hour in (3, 1, 2):
            seats.give(user, (day * DAY_MS + hour * HOUR_MS, "app", f"{day}"))
    assert len(user.between) == seats.KEPT_BETWEEN * seats.INSTANT_BYTES
    seats.take(user, (5 * DAY_MS, "app", "cut"))
    assert since(user) == 29 - seats.KEPT_BETWEEN
    seats.take(user, (20 * DAY_MS + 3 * HOUR_MS, "app", "cut"))
    assert since(user) == 21
    seats.take(user, (29 * DAY_MS, "app", "cut"))
    assert since(user) == 29
