"""Definitions 20, 24, 40, 43, 61 and 75: use that grows, and what a unit of it costs."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell, used
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

SMALL: dict[str, object] = only("usage_velocity") | {
    "rules.usage_velocity.days": 3,
    "rules.usage_velocity.gap_days": 6,
}
begin = partial(begin_with, changes=SMALL)
costing = partial(begin_with, changes=only("cost_efficiency") | {"rules.cost_efficiency.days": 3})
GROWTH = ["fired usage_velocity:api_calls@growth"]
TENFOLD = ["fired usage_velocity:api_calls@tenfold"]


def paid(story: Story, when: str, quantity: float, cost: float | None = None) -> list[str]:
    """Record some use, with what it cost when that is known."""
    priced = {} if cost is None else {"cost": cost}
    return story.happens(when, "usage.recorded", metric="api_calls", quantity=quantity, **priced)


@pytest.mark.parametrize(("now", "told"), [(140, GROWTH), ("139.999999", [])])
def test_24_growth_is_measured_against_the_window_before(tell: Tell, now: float, told: list[str]) -> None:
    """Three days from January 10 on with 100, the three from the 13th on with 140: 140 %."""
    story = begin(tell)
    used(story, "2026-01-10 10:00", 100)
    assert used(story, "2026-01-15 10:00", now) == told


def test_30_days_and_the_30_before(tell: Tell) -> None:
    """With the numbers of the playbook: the earlier window begins 59 days ago (24), the other has 30 (1)."""
    story = begin_with(tell, only("usage_velocity"))
    used(story, "2026-01-10 10:00", 100)
    story.happens("2026-03-08 10:00", "feature.used", feature="dashboards")
    assert used(story, "2026-03-09 10:00", 139) == []
    assert used(story, "2026-03-10 10:00", 1) == GROWTH


@pytest.mark.parametrize(("first", "told"), [("2026-01-10 23:59", GROWTH), ("2026-01-11 00:00", [])])
def test_24_the_first_event_lies_on_the_first_day_of_the_earlier_window(
    tell: Tell, first: str, told: list[str]
) -> None:
    """On January 15 the earlier window is the 10th to the 12th; a first event on the 11th does not cover it."""
    story = begin(tell)
    used(story, first, 100)
    assert used(story, "2026-01-15 10:00", 900) == told


def test_24_a_late_first_event_covers_the_window(tell: Tell) -> None:
    """An event of nothing that happened before all others makes the earlier window complete."""
    story = begin(tell)
    used(story, "2026-01-11 10:00", 100)
    assert used(story, "2026-01-15 10:00", 900) == []
    assert used(story, "2025-12-01 10:00", 0) == GROWTH


@pytest.mark.parametrize(("before", "now", "told"), [(100, 140, GROWTH), (99, 500, []), ("99.999999", 900, [])])
def test_20_the_floor_holds_for_both_windows(tell: Tell, before: float, now: float, told: list[str]) -> None:
    """A floor of 100."""
    story = begin(tell)
    used(story, "2026-01-10 10:00", before)
    assert used(story, "2026-01-15 10:00", now) == told


def test_20_a_metric_may_have_a_floor_of_its_own(tell: Tell) -> None:
    """10 for this metric, where others need 100."""
    story = begin_with(tell, SMALL | {"rules.usage_velocity.floors": {"api_calls": 10}})
    used(story, "2026-01-10 10:00", 10)
    assert used(story, "2026-01-15 10:00", 14) == GROWTH


def test_43_tenfold_compares_with_the_window_that_ends_gap_days_ago(tell: Tell) -> None:
    """On January 20 the window of three days that ends six days ago is the 12th to the 14th."""
    story = begin(tell)
    for when, quantity in (("11", 30), ("12", 60), ("14", 40), ("15", 65), ("17", 65)):
        assert used(story, f"2026-01-{when} 10:00", quantity) == []
    assert used(story, "2026-01-20 10:00", 999) == GROWTH
    assert used(story, "2026-01-20 10:01", 1) == TENFOLD
    assert (story.told[-1].value, story.told[-1].threshold) == (1000, 1000)


def test_5_the_levels_have_their_own_values(tell: Tell) -> None:
    """Tenfold fires and spends growth, though growth itself is not measured; each is armed again by its own value.

    ::

        windows on Jan 20: now 18-20, before 15-17, far 12-14
        Jan 12  100 far; nothing from 15 to 17
        Jan 20  1000      fired tenfold (growth cannot be measured: it counts as fired, and is over at once)
        Jan 22  far is 14-16: nothing, so tenfold ends when the 22nd has ended
        Jan 23  before is 18-20: 1000; now needs 1400
    """
    story = begin(tell)
    used(story, "2026-01-12 10:00", 100)
    assert used(story, "2026-01-20 10:00", 1000) == TENFOLD
    assert story.tick("2026-01-21 00:00") == []
    assert story.tick("2026-01-22 00:00") == ["resolved usage_velocity:api_calls@tenfold"]
    assert used(story, "2026-01-23 10:00", 1400) == GROWTH


def test_5_while_tenfold_has_not_ended_growth_does_not_fire(tell: Tell) -> None:
    """Both are met: only the higher fires, and the lower not after it."""
    story = begin(tell)
    used(story, "2026-01-12 10:00", 100)
    used(story, "2026-01-16 10:00", 100)
    assert used(story, "2026-01-20 10:00", 140) == GROWTH
    assert used(story, "2026-01-20 11:00", 860) == TENFOLD
    assert used(story, "2026-01-20 12:00", 1) == []
    assert story.explain().states == {
        ("usage_velocity", "api_calls", "growth"): "fired",
        ("usage_velocity", "api_calls", "tenfold"): "fired",
    }


def test_75_a_feature_with_a_metric_adds_its_quantity(tell: Tell) -> None:
    """Default 1; here 140 of it, in the later window."""
    story = begin(tell)
    story.happens("2026-01-10 10:00", "feature.used", feature="reports", metric="api_calls", quantity=100)
    story.happens("2026-01-14 10:00", "feature.used", feature="reports", metric="api_calls", quantity=139)
    assert story.happens("2026-01-15 10:00", "feature.used", feature="reports", metric="api_calls") == GROWTH


def test_12_what_is_also_reported_still_has_a_velocity(tell: Tell) -> None:
    """A gauge takes the metric's place for limits only."""
    story = begin(tell)
    used(story, "2026-01-10 10:00", 100)
    story.happens("2026-01-11 10:00", "usage.reported", metric="api_calls", level=5)
    assert used(story, "2026-01-15 10:00", 140) == GROWTH


@pytest.mark.parametrize(("cost", "told"), [(132, ["fired cost_efficiency:api_calls"]), ("131.999999", [])])
def test_40_more_use_at_a_higher_cost_of_a_unit(tell: Tell, cost: float, told: list[str]) -> None:
    """100 for 100, then 120 for 132: 1.20 times the quantity, 1.10 times the cost of a unit."""
    story = costing(tell)
    paid(story, "2026-01-10 10:00", 100, 100)
    assert paid(story, "2026-01-15 10:00", 120, cost) == told


def test_40_less_than_a_fifth_more_is_no_growth(tell: Tell) -> None:
    """119.999999 at twice the cost; the missing millionth fires."""
    story = costing(tell)
    paid(story, "2026-01-10 10:00", 100, 100)
    assert paid(story, "2026-01-15 10:00", "119.999999", 240) == []
    assert paid(story, "2026-01-15 11:00", "0.000001", 0) == ["fired cost_efficiency:api_calls"]


def test_40_the_cost_of_a_unit_is_that_of_what_was_sent_with_its_cost(tell: Tell) -> None:
    """All 200 and 300 count as quantity; the cost of a unit goes by 10 for 10 and 10 for 11."""
    story = costing(tell)
    paid(story, "2026-01-10 10:00", 190)
    paid(story, "2026-01-10 11:00", 10, 10)
    paid(story, "2026-01-15 10:00", 290)
    assert paid(story, "2026-01-15 11:00", 10, 11) == ["fired cost_efficiency:api_calls"]
    assert story.told[-1].value == 110


@pytest.mark.parametrize(
    ("before", "now"), [((100, None), (200, 900)), ((100, 100), (200, None)), ((100, 0), (200, 9))]
)
def test_40_without_a_cost_of_a_unit_in_both_windows_there_is_no_value(
    tell: Tell, before: tuple[int, int | None], now: tuple[int, int | None]
) -> None:
    """No cost before, no cost now, or a cost of nothing before."""
    story = costing(tell)
    paid(story, "2026-01-10 10:00", *before)
    assert paid(story, "2026-01-15 10:00", *now) == []


def test_75_a_feature_with_a_metric_has_no_cost_and_no_quantity_here(tell: Tell) -> None:
    """But it may be the first event of the metric, which covers the earlier window (24)."""
    story = costing(tell)
    paid(story, "2026-01-11 10:00", 100, 100)
    assert paid(story, "2026-01-15 10:00", 100, 200) == []
    story.happens("2026-01-15 11:00", "feature.used", feature="reports", metric="api_calls", quantity=900)
    assert paid(story, "2026-01-15 12:00", 20, 40) == []
    late = {"feature": "reports", "metric": "api_calls", "quantity": 0}
    assert story.happens("2026-01-10 10:00", "feature.used", **late) == ["fired cost_efficiency:api_calls"]


def test_20_the_floor_of_cost_holds_for_the_earlier_window(tell: Tell) -> None:
    """50 before where 51 are needed."""
    changes = only("cost_efficiency") | {"rules.cost_efficiency.days": 3, "rules.cost_efficiency.floor": 51}
    story = begin_with(tell, changes)
    paid(story, "2026-01-10 10:00", 50, 50)
    assert paid(story, "2026-01-15 10:00", 100, 200) == []
    assert paid(story, "2026-01-10 11:00", 1, 1) == ["fired cost_efficiency:api_calls"]


def test_4_cost_ends_by_five_points(tell: Tell) -> None:
    """110 % fires; then 104.75 %, by cheaper use."""
    story = costing(tell)
    paid(story, "2026-01-10 10:00", 100, 100)
    paid(story, "2026-01-15 10:00", 200, 220)
    paid(story, "2026-01-15 11:00", 200, 199)
    assert story.tick("2026-01-16 00:00") == ["resolved cost_efficiency:api_calls"]
