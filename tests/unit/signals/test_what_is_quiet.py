"""Where the short way of a flood ends: folded at once or one by one, the same is stored and the same is said."""

import msgspec
import pytest

from services.signals.core import units
from services.signals.core.engine import Engine
from services.signals.core.quiet_users import is_quiet
from services.signals.core.recent import RecentIds
from shared.kernel.clock import DAY_MS
from shared.kernel.errors import InvariantError
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, event, instant, only, playbook

WINDOW_MS = 3_600_000


SOLD: dict[str, object] = {
    "price": 10,
    "conversation_owner": "csm",
    "bridge": "It goes faster.",
    "prerequisites": [],
    "earliest_day": 0,
}
COSTING = WIDE_OPEN | only("cost_efficiency") | {"rules.cost_efficiency.days": 3}


def folded(
    lines: list[bytes], together: int, changes: dict[str, object] = WIDE_OPEN, *, flood: bool = True
) -> tuple[dict[bytes, object], list[str], Engine]:
    """Fold lines in records of so many, as a flood or record by record; return what is stored and what was said.

    Shape: pages without their stamps; the topics of what was said.
    """
    pages = Pages()
    engine = Engine(0, 1, "log-1", False, playbook(changes), pages)
    engine.fold_many([(0, lines[0])], 0)  # from now on it knows the account
    records = [b"\n".join(lines[at : at + together]) for at in range(1, len(lines), together)]
    numbered = list(enumerate(records, 1))
    for some in [numbered] if flood else [[one] for one in numbered]:
        engine.fold_many(some, 0)
    said = [output.topic.name for output in engine.take_outputs()]
    for group in engine.take_dirty():
        pages.apply(group)
    stored = {key: msgspec.msgpack.decode(page, strict=False) for key, page in pages.pages.items()}
    return {key: [page[0], *page[2:]] for key, page in stored.items()}, said, engine


def same(lines: list[bytes], changes: dict[str, object] = WIDE_OPEN) -> Engine:
    """Fold lines in both ways and compare; return the engine that got them together."""
    pages, said, engine = folded(lines, 100, changes)
    alone = folded(lines, 1, changes, flood=False)
    assert (pages, said) == alone[:2]
    return engine


def use(number: int, when: str, source: str = "app", **more: object) -> bytes:
    """Return the line of a use by one of three users."""
    used: dict[str, object] = {"feature": "reports", "metric": "calls", "quantity": 1, **more}
    moment = f"2026-03-02 {when}"
    return event("feature.used", "a", moment, f"e{number}", user=f"u{number % 3}", source=source, properties=used)


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
    pages = [page for _, page in recent.write((0, 0), 3) if page is not None]
    assert (pages[0].ids, pages[0].runs) == (["b\0c"], [("a", 0)])
    after = RecentIds(WINDOW_MS)
    after.load(tuple(recent.segments), pages)
    assert after.repeated("a\0b", "c", 4)
    same([use(number % 7, f"09:{number:02}", source="app\0x") for number in range(20)])


def test_uses_of_an_account_whose_acts_are_at_the_line_are_looked_at_one_by_one() -> None:
    """Nothing is folded at once when the next act may bring a rule about."""
    lines = [use(number, f"08:{number:02}") for number in range(10)]
    _, _, engine = folded(lines, 100)
    account = engine.state.accounts["a"]
    account.watch_acts = account.head.standing.acts_today + 1
    engine.fold_many([(engine.offset + 1, b"\n".join(use(20 + number, f"09:{number:02}") for number in range(9)))], 0)
    assert account.head.standing.acts_today == 19


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


def paid(number: int, day: int, cost: float | None) -> bytes:
    """Return the line of ten calls, and what they cost."""
    used: dict[str, object] = {"metric": "calls", "quantity": 10} | ({} if cost is None else {"cost": cost})
    moment = f"2026-03-{day:02} 10:{number % 60:02}"
    return event("usage.recorded", "a", moment, f"p{number}", user="u1", properties=used)


@pytest.mark.parametrize(("also", "then"), [(None, 10), (5, 10), (None, 1_000)])
def test_costs_are_quiet_until_one_brings_the_rule_about(also: float | None, then: float) -> None:
    """What the event that fires has added is put back before it is folded the clear way; the others stay quiet."""
    lines = [paid(day * 60 + number, day, 10) for day in range(1, 8) for number in range(3)]
    lines += [paid(600 + number, 8, None if number % 2 else also) for number in range(5)]
    lines += [paid(660 + number, 8, 40 if number > 5 else then) for number in range(30)]
    pages, said, engine = folded(lines, 100, COSTING)
    assert (pages, said) == folded(lines, 1, COSTING, flood=False)[:2]
    assert "expansion.triggers" in said
    assert engine.state.accounts["a"].metrics["calls"].costly


@pytest.mark.parametrize(
    ("where", "counts", "looks"),
    [
        ({"feature": "reports"}, (12, 12), True),
        ({"feature": "reports"}, (12, 25), True),
        ({"feature": "reports"}, (1, 12), True),
        ({"feature": "reports"}, (90, 90), False),
        ({"feature": "reports", "quantity": 1}, (12, 12), True),
    ],
)
def test_uses_that_show_a_problem_are_quiet_until_an_add_on_waits_for_one(
    where: dict[str, object], counts: tuple[int, int], looks: bool
) -> None:
    """Each is counted; one of yesterday in between leaves fewer for today."""
    problem: dict[str, object] = {"type": "feature.used", "days": 5, "where": where}
    addons = {f"Addon {number}": SOLD | {"problem": problem | {"count": count}} for number, count in enumerate(counts)}
    lines = [use(number, f"08:{number:02}") for number in range(8)]
    lines.append(
        event("feature.used", "a", "2026-03-01 09:00", "late", properties={"feature": "reports", "quantity": 1})
    )
    lines += [use(20 + number, f"09:{number:02}") for number in range(25)]
    engine = same(lines, WIDE_OPEN | only("addon_problem") | {"addons": addons})
    account = engine.state.accounts["a"]
    assert sum(account.head.use.problems.values()) == 33
    assert bool(account.episodes.of("addon_problem")) is looks


@pytest.mark.parametrize(("counted", "times"), [("session.started", 9), ("usage.recorded", 20), ("feature.used", 20)])
def test_what_is_a_problem_is_counted_one_by_one(counted: str, times: int) -> None:
    """Every event of a type may show it: none of them goes the short way."""
    problem: dict[str, object] = {"type": counted, "days": 5, "count": 90, "where": {}}
    lines = [use(number, f"08:{number:02}") for number in range(20)]
    lines += [
        event("session.started", "a", f"2026-03-02 09:{number:02}", f"s{number}", user="u1") for number in range(9)
    ]
    lines += [paid(number, 2, None) for number in range(20)]
    engine = same(lines, WIDE_OPEN | only("addon_problem") | {"addons": {"Speed": SOLD | {"problem": problem}}})
    assert sum(engine.state.accounts["a"].head.use.problems.values()) == times


def test_a_metrics_first_cost_is_remembered_though_it_is_quiet() -> None:
    """From then on quantities without one are held against the rule, too."""
    lines = [paid(number, 1, 10 if number == 9 else None) for number in range(20)]
    assert same(lines, COSTING).state.accounts["a"].metrics["calls"].costly


def test_ids_of_the_generation_before_are_known_to_a_flood() -> None:
    """A stretch begins a generation of its own when there is one; what comes again is still the same event."""
    lines = [use(number, f"08:{number:02}") for number in range(12)]
    lines.append(event("feature.blocked", "a", "2026-03-02 08:20", "b", properties={"feature": "reports"}))
    lines += [use(number, f"08:{number:02}") for number in range(30, 34)]
    lines += [use(number, f"08:{40 + at}") for at, number in enumerate((3, 4, 34, 35, 5, 36))]
    assert sum(same(lines).state.accounts["a"].head.use.times.values()) == 12 + 1 + 4 + 3  # one of them was refused


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


def test_quantities_without_a_cost_are_quiet_until_one_brings_the_rule_about() -> None:
    """Use was dear, and has not grown enough yet: the quantity that makes it enough fires, and was put back before."""
    lines = [paid(day * 60 + number, day, 10) for day in range(1, 8) for number in range(3)]
    lines += [paid(600 + number, 8, 400) for number in range(2)]
    lines += [
        event("session.started", "a", f"2026-03-08 10:{number:02}", f"s{number}", user="u1") for number in range(40)
    ]
    lines += [paid(660 + number, 8, None) for number in range(30)]
    pages, said, engine = folded(lines, 100, COSTING)
    assert (pages, said) == folded(lines, 1, COSTING, flood=False)[:2]
    assert "expansion.triggers" in said
    assert engine.state.accounts["a"].metrics["calls"].costly


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
    plain = [use(number, f"08:{number:02}", source=f"s{number % 2}") for number in range(12)]
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
    assert said == ["dead.letters"]
    assert pages == folded(plain, 1)[0]
