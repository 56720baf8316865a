"""What an account has purchased on one day: the latest value given on it, in whatever order the values arrive."""

from tests.oracle.writing import WIDE_OPEN, event
from tests.support.signals.flood import folded


def given(when: str, name: str, features: list[str]) -> bytes:
    """Return the line of a value."""
    return event("account.updated", "a", f"2026-03-02 {when}", name, properties={"purchased_features": features})


def test_a_value_of_before_that_comes_late_does_not_become_the_last_of_its_day() -> None:
    """It is one of those of the day all the same: what it lacks has not been there throughout."""
    lines = [given("09:00", "one", ["sso", "roles"]), given("11:00", "two", ["sso"]), given("10:00", "late", ["roles"])]
    purchased = folded(lines, 1, WIDE_OPEN, flood=False)[2].state.accounts["a"].days.use.purchased
    (day,) = purchased.values()
    assert (day.last, day.throughout) == (["sso"], [])
