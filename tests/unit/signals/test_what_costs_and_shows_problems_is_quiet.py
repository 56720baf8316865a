"""Where the short way of a flood ends for costs, and for what shows that an add-on would help."""

import pytest

from tests.oracle.writing import WIDE_OPEN, event, only
from tests.support.signals.flood import folded, paid, same, use

SOLD: dict[str, object] = {
    "price": 10,
    "conversation_owner": "csm",
    "bridge": "It goes faster.",
    "prerequisites": [],
    "earliest_day": 0,
}
COSTING = WIDE_OPEN | only("cost_efficiency") | {"rules.cost_efficiency.days": 3}


@pytest.mark.parametrize(("also", "then"), [(None, 10), (5, 10), (None, 1_000)])
def test_costs_are_quiet_until_one_brings_the_rule_about(also: float | None, then: float) -> None:
    """What the event that fires has added is put back before it is folded the clear way; the others stay quiet."""
    lines = [paid(day * 60 + number, day, 10) for day in range(1, 8) for number in range(3)]
    lines += [paid(600 + number, 8, None if number % 2 else also) for number in range(5)]
    lines += [paid(660 + number, 8, 40 if number > 5 else then) for number in range(30)]
    pages, said, engine = folded(lines, 100, COSTING)
    assert (pages, said) == folded(lines, 1, COSTING, flood=False)[:2]
    assert "expansion.triggers" in {topic for topic, _key, _value in said}
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


def test_the_day_on_which_a_prerequisite_is_adopted_is_looked_at() -> None:
    """An add-on whose problem has been seen waits for a feature to be adopted, by its use on a fifth day."""
    problem = {"type": "session.started", "days": 60, "count": 3, "where": {}}
    addon = SOLD | {"problem": problem, "prerequisites": ["reports"]}
    changes = WIDE_OPEN | only("addon_problem") | {"addons": {"Speed": addon}}
    lines = [
        event("session.started", "a", f"2026-03-01 08:{at:02}", f"s{at}", user="u1", source="app") for at in range(4)
    ]
    for day in range(1, 12):
        used = [{"feature": "reports" if at % 2 else "other"} for at in range(6)]
        lines += [
            event("feature.used", "a", f"2026-03-{day:02} 10:{at:02}", f"d{day}-{at}", user="u1", properties=one)
            for at, one in enumerate(used)
        ]
    assert same(lines, changes).state.accounts["a"].episodes.of("addon_problem")


def test_a_metrics_first_cost_is_remembered_though_it_is_quiet() -> None:
    """From then on quantities without one are held against the rule, too."""
    lines = [paid(number, 1, 10 if number == 9 else None) for number in range(20)]
    assert same(lines, COSTING).state.accounts["a"].metrics["calls"].costly


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
    assert "expansion.triggers" in {topic for topic, _key, _value in said}
    assert engine.state.accounts["a"].metrics["calls"].costly
