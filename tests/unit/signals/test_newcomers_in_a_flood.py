"""Users and features that are first heard of in a flood: as one by one, and mostly without a look at the rules."""

import pytest

from services.signals.core.account import USERS_PER_PAGE, user_page_number
from services.signals.core.quiet import fold_quiet
from services.signals.core.units import Unit, units_of
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import decode_trigger
from tests.oracle.writing import WIDE_OPEN, event, only
from tests.support.signals.flood import folded, same, use


def by(user: int, number: int, when: str) -> bytes:
    """Return the line of a use by a user."""
    used = {"feature": "reports", "metric": "calls", "quantity": 1}
    return event("feature.used", "a", f"2026-03-02 {when}", f"e{number}", user=f"u{user}", properties=used)


def test_newcomers_are_quiet() -> None:
    """Nobody waits for them, so none of them goes the clear way."""
    _, _, engine = folded([use(number, f"08:{number:02}") for number in range(4)], 100)
    value = b"\n".join(by(10 + number, 100 + number, f"09:{number:02}") for number in range(20))
    [unit] = units_of(engine.offset + 1, [value])
    assert isinstance(unit, Unit)
    account = engine.state.accounts["a"]
    assert fold_quiet(engine.state, account, unit.groups["a"], 0, engine.offset + 1) == 20
    assert len(account.users[0].users) == 3 + 20


def test_pages_of_users_double_in_the_midst_of_a_flood() -> None:
    """Whoever comes after that is found, and put, where the new pages have them."""
    number = USERS_PER_PAGE + 40
    lines = [by(at % number, at, f"{8 + at // 60:02}:{at % 60:02}") for at in range(2 * number)]
    assert len(same(lines).state.accounts["a"].users) == 2


def test_who_has_a_seat_and_acts_for_the_first_time_is_taken_in_once() -> None:
    """Pages double when somebody new finds one full: here all fall to one of two, which then holds more."""
    users = [user for user in range(1_000) if user_page_number(f"u{user}", 2) == 0][: USERS_PER_PAGE + 1]
    seats = [event("user.provisioned", "a", "2026-03-02 08:00", f"p{user}", user=f"u{user}") for user in users]
    acts = [by(user, at, f"{9 + at // 60:02}:{at % 60:02}") for at, user in enumerate(users)]
    assert len(same([*seats, *acts]).state.accounts["a"].users) == 2


def test_who_was_erased_is_no_newcomer() -> None:
    """What was done before the erasure and comes after it counts for nobody."""
    erased = event("user.erased", "a", "2026-03-02 08:30", "gone", user="u7")
    lines = [*(by(at % 3, at, f"08:{at:02}") for at in range(9)), by(7, 9, "08:20"), erased]
    late = [by(7 if at == 3 else at % 3, 20 + at, f"08:{10 + at:02}") for at in range(8)]
    account = same([*lines, *late]).state.accounts["a"]
    assert sorted(account.users[0].users) == ["u0", "u1", "u2"]


@pytest.mark.parametrize("together", [True, False])
def test_the_newcomer_who_fills_the_seats_is_looked_at(together: bool) -> None:
    """All of ten seats are in use with the tenth user, who is named as what decided it."""
    facts = event("account.updated", "a", "2026-03-02 08:00", "f", properties={"seats": 10})
    _, _, engine = folded([facts, by(0, 0, "08:01")], 100, WIDE_OPEN | only("seat_saturation"))
    lines = [by(number, number, f"09:{number:02}") for number in range(1, 13)]
    for records in [[b"\n".join(lines)]] if together else [[line] for line in lines]:
        engine.fold_many(list(enumerate(records, engine.offset + 1)), 0)
    told = [decode_trigger(out.value or b"") for out in engine.take_outputs() if out.topic is TRIGGERS]
    assert [one.decided_by for one in told] == ["app/e9"]


def test_features_that_are_new_to_an_account_are_quiet() -> None:
    """Unless a higher plan has them, or the playbook waits for their use, nobody need look."""
    _, _, engine = folded([use(number, f"08:{number:02}") for number in range(4)], 100)
    value = b"\n".join(use(10 + number, f"09:{number:02}", feature=f"new {number}") for number in range(20))
    [unit] = units_of(engine.offset + 1, [value])
    assert isinstance(unit, Unit)
    account = engine.state.accounts["a"]
    assert fold_quiet(engine.state, account, unit.groups["a"], 0, engine.offset + 1) == 20
    assert list(account.head.features)[1:] == [f"new {number}" for number in range(20)]


def test_who_acts_on_a_new_day_moves_to_it() -> None:
    """Whenever they acted before; those who do not act stay where they were."""
    lines = [
        event("session.started", "a", f"2026-03-0{day} 09:{user:02}", f"b{user}", user=f"u{user}")
        for day in (2, 3, 4)
        for user in range(day, 30, 3)
    ]
    lines += [
        event("session.started", "a", f"2026-03-05 10:{at:02}", f"s{at}", user=f"u{2 + at * 7 % 24}")
        for at in range(40)
    ]
    engines = [folded(lines, together, flood=together > 1)[2] for together in (1, 100)]
    active = [engine.state.accounts["a"].active.cells for engine in engines]
    assert active[0] == active[1]
    assert sorted(active[0].values()) == [1, 1, 2, 24]
    assert not engines[1].state.counts["short_way_failed",]
