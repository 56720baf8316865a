"""An account whose changed pages are too many for one batch is always at one point of the log, whatever a crash leaves.

`make chaos-signals` does the same with 100,000 users, real workers and a real broker.
"""

import pytest

from services.signals.core.user_pages import MANY, TOGETHER_BYTES
from shared.kernel.errors import InvariantError
from tests.oracle.adapters import EngineSubject
from tests.oracle.writing import WIDE_OPEN, control, event, playbook

OPEN = playbook(WIDE_OPEN)
USERS = 16_000
PACK = 2_000
LATER = "2026-03-04 10:00"
Group = list[tuple[bytes, bytes | None]]


def lines(name: str, when: str) -> list[bytes]:
    """Return an event of each user, packed into records."""
    each = [
        event(
            "feature.used",
            "acme",
            when,
            f"{name}{number}",
            user=f"{number:012d}-somebody@some-department.example.com",
            properties={"feature": ("integrations", "sso", "roles")[number % 3]},
        )
        for number in range(USERS)
    ]
    return [b"\n".join(each[start : start + PACK]) for start in range(0, USERS, PACK)]


@pytest.fixture(scope="module")
def flushed() -> EngineSubject:
    """An account of many users, all in the store."""
    engine = EngineSubject([OPEN])
    engine.fold(event("account.updated", "acme", "2026-03-01 10:00", "f", properties={"seats": 20_000}))
    for record in lines("a", "2026-03-02 10:00"):
        engine.fold(record)
    engine.flush()
    return engine


def copy(of: EngineSubject) -> EngineSubject:
    """Return another worker with the same log and store."""
    made = EngineSubject([OPEN])
    made.log, made.store.pages = list(of.log), dict(of.store.pages)
    made.restart()
    return made


@pytest.fixture(scope="module")
def changed(flushed: EngineSubject) -> list[Group]:
    """What is written when all of them have come again on another day."""
    engine = copy(flushed)
    for record in lines("b", LATER):
        engine.fold(record)
    groups: list[Group] = engine.engine.take_dirty()
    return groups


@pytest.fixture(scope="module")
def undisturbed(flushed: EngineSubject) -> tuple[object, object]:
    """What is known of the account then, and what is said a day later, when nothing crashes."""
    right = copy(flushed)
    for record in lines("b", LATER):
        right.fold(record)
    now = known(right)
    right.flush()
    right.restart()
    return now, right.fold(control("tick", "2026-03-06 00:00"))


def crash(flushed: EngineSubject, written: list[Group]) -> EngineSubject:
    """Return a worker that has not begun, whose predecessor got so far in writing what all of them did."""
    made = EngineSubject([OPEN])
    made.log, made.store.pages = [*flushed.log, *lines("b", LATER)], dict(flushed.store.pages)
    for group in written:
        made.store.apply(group)
    return made


def known(engine: EngineSubject) -> object:
    """Return what the engine says of the account when a day has passed."""
    told = engine.fold(control("tick", "2026-03-05 00:00"))
    engine.fold(event("session.started", "acme", "2026-03-05 10:00", "probe", user="probe"))
    return told, engine.explain("acme"), engine.snapshots["acme"].rules


def test_its_pages_travel_in_parts_and_its_head_comes_last(changed: list[Group]) -> None:
    """All pages are changed at once: the groups before the last hold one page each, the head is in the last."""
    assert sum(len(page or b"") for group in changed for _key, page in group) > TOGETHER_BYTES
    assert len(changed) > MANY
    assert all(len(group) == 1 and group[0][0].startswith(b"u\0acme\0") for group in changed[:-2])
    assert b"h\0acme" in dict(changed[-2])
    (meta,) = changed[-1]
    assert meta[0] == b"m"


@pytest.mark.parametrize("groups", [1, 100, -2, -1])
def test_a_crash_between_the_parts_changes_nothing(
    flushed: EngineSubject, changed: list[Group], undisturbed: tuple[object, object], groups: int
) -> None:
    """After some pages, before the head, and before the meta page: the replay ends where an undisturbed engine is."""
    crashed = crash(flushed, changed[:groups])
    crashed.restart()
    crashed.flush()
    crashed.restart()
    assert known(crashed) == undisturbed[0]
    crashed.flush()
    users = [key for key in crashed.store.pages if key.startswith(b"u\0")]
    assert len(users) == len({key.split(b"\0")[2] for key in users}), "a page lies there twice"
    crashed.restart()
    assert crashed.fold(control("tick", "2026-03-06 00:00")) == undisturbed[1]


def test_pages_that_a_crash_has_left_are_deleted_when_the_log_is_folded_up_to_there(
    flushed: EngineSubject, changed: list[Group], undisturbed: tuple[object, object]
) -> None:
    """Before, a deletion would be older than the page that it deletes; and one page is written again under its key."""
    there = crash(flushed, changed[:100]).store.pages
    halfway = copy(flushed)
    halfway.store.pages = dict(there)
    halfway.restart()
    halfway.fold(lines("b", LATER)[0])
    for group in halfway.engine.take_dirty():
        assert not any(page is None and key not in flushed.store.pages for key, page in group)
        halfway.store.apply(group)
    for record in lines("b", LATER)[1:]:
        halfway.fold(record)
    halfway.flush()
    halfway.restart()
    assert len([key for key in halfway.store.pages if key.startswith(b"u\0")]) < len(there)
    assert known(halfway) == undisturbed[0]


def test_one_changed_user_costs_one_page(flushed: EngineSubject) -> None:
    """It gets a new key, and the old one is deleted together with the head."""
    engine = copy(flushed)
    before = {key for key in engine.store.pages if key.startswith(b"u\0")}
    engine.fold(event("session.started", "acme", LATER, "one", user="0" * 12 + "-somebody@some-department.example.com"))
    groups = engine.engine.take_dirty()
    assert len(groups) == 2
    users = {key: page for key, page in groups[0] if key.startswith(b"u\0")}
    assert sorted(page is None for page in users.values()) == [False, True]
    for group in groups:
        engine.store.apply(group)
    after = {key for key in engine.store.pages if key.startswith(b"u\0")}
    assert len(after) == len(before)
    assert len(after - before) == 1


def test_an_account_that_lacks_a_page_is_not_folded_any_further(flushed: EngineSubject) -> None:
    """Users that got lost would be counted as if they had never been there."""
    engine = copy(flushed)
    engine.store.pages.pop(next(key for key in engine.store.pages if key.startswith(b"u\0acme\0")))
    engine = copy(engine)
    with pytest.raises(InvariantError, match="a page of acme is missing"):
        engine.fold(event("session.started", "acme", LATER, "one", user="u"))


def test_an_account_that_grows_leaves_no_page_behind() -> None:
    """From one page to many, flushed on the way: what is in the store is what the head names."""
    engine = EngineSubject([OPEN])
    for record in lines("a", "2026-03-02 10:00"):
        engine.fold(record)
        engine.flush()
    engine.restart()
    numbers = [key.split(b"\0")[2] for key in engine.store.pages if key.startswith(b"u\0")]
    assert sorted(map(int, numbers)) == list(range(len(numbers)))
    assert len(numbers) >= MANY
