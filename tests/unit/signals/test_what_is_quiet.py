"""Where the short way of a flood ends: folded at once or one by one, the same is stored and the same is said."""

import pytest

from services.signals.core import names, units
from services.signals.core.acts import KEPT_INSTANTS
from services.signals.core.pages import PageDecoder, encode_page
from services.signals.core.quiet_users import is_quiet
from services.signals.core.recent import RecentIds
from services.signals.core.recent_state import RecentPage
from shared.kernel.clock import DAY_MS
from shared.kernel.errors import InvariantError
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import decode_trigger
from tests.oracle.writing import WIDE_OPEN, control, event, instant, only
from tests.support.signals.flood import folded, same, use

WINDOW_MS = 3_600_000
PAGES = PageDecoder(RecentPage)


def test_uses_that_come_in_no_order_leave_the_clock_at_the_latest() -> None:
    """Each id is kept with the clock at its first, which never goes back."""
    lines = [use(number, f"08:{30 + number:02}") for number in range(9)]
    lines += [use(20 + number, f"08:{59 - 3 * number:02}") for number in range(9)]
    assert same(lines).state.accounts["a"].recent.segments


def test_ids_of_a_source_with_a_zero_in_its_name_are_the_same_before_and_after_a_restart() -> None:
    """What is written of an id is its source, a zero and itself, however many zeros these have."""
    recent = RecentIds(WINDOW_MS)
    assert not recent.repeated("a\0b", "c", 1)
    assert recent.repeated("a", "b\0c", 2)
    pages = [PAGES.decode(encode_page(page)) for _, page in recent.write((0, 0), 3) if page is not None]
    assert (pages[0].ids, pages[0].runs) == (["b\0c"], [("a", 0)])
    after = RecentIds(WINDOW_MS)
    after.load(tuple(recent.segments), pages)
    assert after.repeated("a\0b", "c", 4)
    same([use(number % 7, f"09:{number:02}", source="app\0x") for number in range(20)])


@pytest.mark.parametrize("together", [True, False])
def test_the_act_that_takes_usage_per_seat_into_another_fifth_is_looked_at(together: bool) -> None:
    """Above five acts a seat it is the highest: the eleventh act on two seats makes 40 points, and says so itself."""
    facts = event("account.updated", "a", "2026-03-02 08:00", "f", properties={"seats": 2})
    fifths = control("quintiles", "2026-03-02 08:01", playbook_version="default-1", segments={"smb": [5, 5, 5, 5]})
    _, _, engine = folded([facts], 1, WIDE_OPEN | only("cross_sell_fit") | {"rules.cross_sell_fit.score": 40})
    engine.fold_many([(1, fifths)], 0)
    engine.fold_many([(2 + number, use(number, f"09:{number:02}")) for number in range(3)], 0)
    lines = [use(20 + number, f"10:{number:02}") for number in range(20)]
    for records in [lines] if together else [[line] for line in lines]:
        engine.fold_many(list(enumerate(records, engine.offset + 1)), 0)
    told = [decode_trigger(out.value or b"") for out in engine.take_outputs() if out.topic is TRIGGERS]
    assert {one.decided_by for one in told} == {"app/e27"}


def test_what_is_not_the_lines_fault_ends_the_worker_on_the_short_way_too() -> None:
    """A store that fails is no reason to fold an account anew."""

    class Broken:
        """Users whose store is gone."""

        def __add__(self, _other: object) -> int:
            raise InvariantError("the disk is gone")

    _, _, engine = folded([use(number, f"08:{number:02}") for number in range(10)], 100)
    engine.state.accounts["a"].users[0].users["u2"].on_day = Broken()  # type: ignore[assignment]  # it fails as asked
    with pytest.raises(InvariantError, match="the disk is gone"):
        engine.fold_many(
            [(engine.offset + 1, b"\n".join(use(20 + number, f"09:{number:02}") for number in range(9)))], 0
        )


def test_ids_of_the_generation_before_are_known_to_a_flood() -> None:
    """A stretch begins a generation of its own when there is one; what comes again is still the same event."""
    lines = [use(number, f"08:{number:02}") for number in range(12)]
    lines.append(event("feature.blocked", "a", "2026-03-02 08:20", "b", properties={"feature": "reports"}))
    lines += [use(number, f"08:{number:02}") for number in range(30, 34)]
    lines += [use(number, f"08:{40 + at}") for at, number in enumerate((3, 4, 34, 35, 5, 36))]
    assert sum(same(lines).state.accounts["a"].head.use.times.values()) == 12 + 1 + 4 + 3  # one of them was refused


def test_ids_are_kept_with_the_clock_of_the_tick_before_them() -> None:
    """The clock does not go back to the instant of an event that is late."""
    _, _, engine = folded([use(number, f"08:{number:02}") for number in range(9)], 100)
    late = b"\n".join(use(20 + number, f"09:{number:02}") for number in range(9))
    engine.fold_many([(engine.offset + 1, control("tick", "2026-03-02 12:00")), (engine.offset + 2, late)], 0)
    assert list(engine.state.accounts["a"].recent._new["app"].values())[-9:] == [instant("2026-03-02 12:00")] * 9


def test_of_a_day_the_latest_instants_are_kept_and_of_another_none() -> None:
    """So a departure that is late takes away no act of another day."""
    lines = [use(0, "08:00"), *[use(3 * number, f"08:{number:02}") for number in range(1, 50)]]
    kept = same(lines).state.accounts["a"].users[0].users["u0"].instants
    assert len(kept) == KEPT_INSTANTS
    following = [
        event("session.started", "a", f"2026-03-03 08:{at:02}", f"s{at}", user="u1", source="app") for at in range(5)
    ]
    following.append(event("session.started", "a", "2026-03-03 09:00", "s", user="u0", source="app"))
    assert len(same([*lines, *following]).state.accounts["a"].users[0].users["u0"].instants) == 0


def test_a_flood_without_users_leaves_the_page_of_users_alone() -> None:
    """It is not written when nobody has acted."""
    lines = [event("session.started", "a", f"2026-03-02 08:{at:02}", f"s{at}", source="app") for at in range(20)]
    assert not same(lines).state.accounts["a"].users[0].users


def test_nothing_is_kept_of_features_beyond_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that writes ids as features fills neither pages nor memory."""
    monkeypatch.setattr(names, "MOST_FEATURES", 5)
    account = same([use(number, f"08:{number:02}", feature=f"f{number % 30}") for number in range(50)]).state.accounts[
        "a"
    ]
    assert (len(account.head.features), account.quiet_uses is None or len(account.quiet_uses[2]) <= 5) == (5, True)


def test_what_comes_again_under_another_day_turns_no_day() -> None:
    """The day is that of the events that count."""
    lines = [use(number, f"23:{number + 40:02}") for number in range(9)]
    again = event("feature.used", "a", "2026-03-03 00:05", "e3", user="u0", source="app", properties={"feature": "x"})
    account = same([*lines, again, again, again, again]).state.accounts["a"]
    assert account.head.today == instant("2026-03-02") // DAY_MS


@pytest.mark.parametrize(("ago", "quiet"), [(13, True), (14, False)])
def test_a_user_who_comes_into_the_window_of_a_department_is_looked_at(ago: int, quiet: bool) -> None:
    """Somebody waits for one more active user of it; who is in the window already is none."""
    lines = [event("user.provisioned", "a", "2026-03-02 08:00", "p", user="u1", properties={"department": "Sales"})]
    _, _, engine = folded([*lines, *[use(number, f"08:{number + 1:02}") for number in range(6)]], 100)
    account, terms = engine.state.accounts["a"], engine.state.terms
    days = terms.playbook.rules.department_expansion.days
    user = account.users[0].users["u1"]
    user.last_ms = (account.head.today - days + 14 - ago) * DAY_MS
    account.people.watch_new["Sales"] = account.people.active("Sales", account.head.today, days) + 1
    assert is_quiet(account, user, terms) is quiet


def test_the_use_of_a_core_feature_that_may_open_the_gate_is_looked_at() -> None:
    """A department adopts a feature while something is held for want of such departments."""
    person = event("user.provisioned", "a", "2026-03-02 08:00", "p", user="u1", properties={"department": "Sales"})
    lines = [use(3 * number + 1, f"08:{number + 1:02}") for number in range(4)]
    later = [use(3 * number + 301, f"09:{number:02}", feature="alerts") for number in range(5)]
    stored: list[object] = []
    for together in (1, 100):
        known = [person, *lines, use(1_001, "08:59", feature="alerts")]  # by somebody else
        _, _, engine = folded(known, 100)
        account = engine.state.accounts["a"]
        account.held, account.gate_cache = 1, ("core_departments",)
        records = [b"\n".join(later[at : at + together]) for at in range(0, len(later), together)]
        engine.fold_many(list(enumerate(records, engine.offset + 1)), 0)
        stored.append((account.core_departments["alerts"]["Sales"].cells, account.head.use.times, account.gate_cache))
    assert stored[0] == stored[1]


@pytest.mark.parametrize("joint", [b"\n", b" ", b"\n\n", b"\r\n"])
@pytest.mark.parametrize("comma", [b",", b",\n"])
def test_lines_may_be_written_in_any_way(joint: bytes, comma: bytes) -> None:
    """An event over several lines, or several on one: what goes the clear way is the same event."""
    plain = [use(number, f"08:{number:02}", mentions_competitor=number % 3 > 0) for number in range(12)]
    written = joint.join(line.replace(b",", comma, 1) for line in plain[1:])
    pages, said, _ = folded([plain[0], written], 1)
    assert (pages, said) == folded(plain, 1)[:2]


def test_no_records_change_nothing() -> None:
    """A partition of which nothing was fetched."""
    _, _, engine = folded([use(number, f"08:{number:02}") for number in range(4)], 100)
    offset = engine.offset
    engine.fold_many([], 0)
    assert engine.offset == offset


def test_units_hold_so_many_events_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that alone holds more is folded line by line."""
    plain = [use(number, f"08:{number:02}", source=f"s{number % 2}") for number in range(40)]
    records = [plain[0], b"\n".join(plain[1:7]), b"\n".join(plain[7:13]), b"\n".join(plain[13:33]), *plain[33:]]
    monkeypatch.setattr(units, "MOST_EVENTS", 10)
    assert folded(records, 1)[:2] == folded(plain, 1)[:2]


def test_a_feature_of_a_higher_plan_that_is_tried_anew_is_looked_at() -> None:
    """Its last use lies before the window of the rule, so this one brings it in again."""
    lines = [event("account.updated", "a", "2026-01-02 08:00", "f", properties={"plan": "Starter"})]
    lines.append(event("feature.used", "a", "2026-01-03 08:00", "old", user="u1", properties={"feature": "sso"}))
    lines += [use(number, f"08:{number:02}") for number in range(20)]
    lines += [use(100 + number, f"09:{number:02}", feature="sso" if number == 9 else "reports") for number in range(20)]
    account = same(lines).state.accounts["a"]
    assert "sso" in account.gated
    assert account.head.features["sso"].newest == account.head.today


@pytest.mark.parametrize("number", [12, 55])
def test_short_records_with_one_that_is_no_event_are_halved_until_they_are_few(number: int) -> None:
    """The line that cannot be used is a dead letter; the others are folded as ever."""
    plain = [use(place, f"08:{place:02}") for place in range(number)]
    pages, said, _ = folded([*plain[:6], b"no event", *plain[6:]], 1)
    assert said == [("dead.letters", None, None)]
    assert pages == folded(plain, 1)[0]
