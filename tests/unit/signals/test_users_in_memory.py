"""A user in memory is small, and holds what its page says: whatever is set, in whatever order, is what is read."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.signals.core.state import Moment, UserRow
from services.signals.core.user import User, user_of
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, event, playbook

OPEN = playbook(WIDE_OPEN)
HOUR = "2026-03-02 10:00"

moments = st.tuples(st.integers(-2_208_988_800_000, 4_102_444_800_000), st.sampled_from("st"), st.sampled_from("xyz"))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "cut": st.none() | moments,
    "given": st.none() | moments,
    "department": st.none() | st.sampled_from(["Sales", "Ops"]),
    "department_at": st.none() | moments,
    "core": st.none() | st.dictionaries(st.sampled_from("abc"), st.integers(0, 4_102_444_800_000), min_size=1),
    "erased": st.none() | moments,
    "answers": st.none() | st.tuples(st.tuples(st.integers(0, 10), st.integers(0), st.just("s"), st.just("x"))),
    "viewed_ms": st.integers(-1, 10),
    "since": st.none() | moments,
    "between": st.binary(max_size=6),
}
settings = st.one_of([st.tuples(st.just(name), values) for name, values in FIELDS.items()])


@given(st.lists(settings), st.booleans())
def test_whatever_is_set_is_read_and_stored(steps: list[tuple[str, Any]], seated: bool) -> None:
    """Fields that few users have, or that mostly equal another one, read as if each had its own place."""
    user, expected = User(), UserRow()
    for name, value in steps:
        setattr(user, name, value)
        setattr(expected, name, value)
        if name == "given" and seated:  # a provisioning that names a department
            user.department_at = expected.department_at = value
            user.share()
    assert {name: getattr(user, name) for name in FIELDS} == {name: getattr(expected, name) for name in FIELDS}
    row = msgspec.convert(user.row(), UserRow)
    assert row == expected
    assert user_of(row).row() == user.row()


def test_the_department_keeps_its_provisioning_when_the_seat_is_given_anew() -> None:
    """One moment stands for both only as long as they are the same."""
    first, second = (1, "s", "x"), (2, "s", "y")
    user = User()
    user.given = first
    user.department, user.department_at = "Sales", first
    assert (user.given, user.department_at) == (first, first)
    user.given = second
    assert (user.given, user.department_at) == (second, first)
    user.given = None
    assert (user.given, user.department_at) == (None, first)


def test_users_of_one_department_share_its_name_after_a_restart_too() -> None:
    """So do the sources of what gave them their seats."""
    subject = EngineSubject([OPEN])
    story = Story(subject)
    for number in range(3):
        user = f"u{number}"
        story.fold(event("user.provisioned", "acme", HOUR, f"p{number}", user=user, properties={"department": "Ops"}))
    for _ in range(2):
        users = subject.engine.state.shelf.accounts["acme"].users[0].users.values()
        given: list[Moment] = [user.given for user in users if user.given is not None]
        assert len({id(user.department) for user in users}) == 1
        assert (len(given), len({id(moment[1]) for moment in given})) == (3, 1)
        subject.flush()
        subject.restart()
        story.fold(event("qbr.held", "acme", HOUR, "q"))
