"""Definitions 9, 11, 36, 44, 45, 48, 66 and 68: use that contradicts itself, and playbooks that change under it."""

import pytest

from tests.oracle.beginnings import Tell, begin, gauge, used
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, event, only, playbook

LIMITS: dict[str, object] = only("limit_hit_again")
AGAIN = ["fired limit_hit_again:api_calls"]
VELOCITY: dict[str, object] = only("usage_velocity") | {
    "rules.usage_velocity.days": 3,
    "rules.usage_velocity.gap_days": 6,
}
COST: dict[str, object] = only("cost_efficiency") | {"rules.cost_efficiency.days": 2}
LEVELS = [
    {"name": "growth", "percent": 120, "comparison": ">="},
    {"name": "tenfold", "percent": 1000, "comparison": ">="},
]


def paid(story: Story, when: str, quantity: float, cost: float) -> list[str]:
    """Record some use with what it cost."""
    return story.happens(when, "usage.recorded", metric="api_calls", quantity=quantity, cost=cost)


def test_11_a_limit_that_shrinks_below_the_use_is_reached_at_that_fact(tell: Tell) -> None:
    """60 of 100; then of 50, on two days with a fresh period between."""
    story = begin(tell, LIMITS, limits={"api_calls": 100})
    used(story, "2026-01-30 10:00", 60)
    assert story.facts("2026-01-30 11:00", limits={"api_calls": 50}) == []
    assert used(story, "2026-02-02 10:00", 49) == []
    assert story.facts("2026-02-02 11:00", limits={"api_calls": 49}) == AGAIN


def test_11_a_limit_that_grows_and_shrinks_within_a_day_is_reached_once(tell: Tell) -> None:
    """It is armed again only when a day ends."""
    story = begin(tell, LIMITS, limits={"api_calls": 50})
    used(story, "2026-01-30 10:00", 60)
    story.facts("2026-01-30 11:00", limits={"api_calls": 100})
    assert story.facts("2026-01-30 12:00", limits={"api_calls": 50}) == []
    story.facts("2026-01-30 13:00", limits={"api_calls": 100})
    assert story.facts("2026-01-31 12:00", limits={"api_calls": 50}) == AGAIN


@pytest.mark.parametrize("limit", [0, None])
def test_11_no_limit_and_a_limit_of_nothing_are_never_reached_by_use(tell: Tell, limit: int | None) -> None:
    """Both mean unlimited; what the product refuses all the same is a day at the limit."""
    story = begin(tell, LIMITS, limits={"api_calls": limit})
    used(story, "2026-01-30 10:00", 1_000_000)
    assert used(story, "2026-02-01 10:00", 1_000_000) == []
    story.happens("2026-02-01 11:00", "limit.reached", metric="api_calls")
    story.happens("2026-02-01 12:00", "limit.reached", metric="api_calls")
    assert story.happens("2026-03-01 10:00", "limit.reached", metric="api_calls") == AGAIN


def test_44_a_limit_that_only_a_new_playbook_calls_reached_is_noted_at_the_next_record(tell: Tell) -> None:
    """85 of 100 is reached by the second playbook; any event of the day notes it, before the third one comes."""
    second = playbook(
        WIDE_OPEN
        | LIMITS
        | {
            "version": "second",
            "rules.limit_hit_again.reached_percent": 85,
            "rules.limit_hit_again.rearm_percent": 80,
            "rules.limit_hit_again.times": 1,
        }
    )
    story = tell(LIMITS, second)
    story.ready("2026-01-01 09:00", limits={"api_calls": 100, "storage_gb": 100})
    used(story, "2026-01-10 10:00", 85)
    gauge(story, "2026-01-10 10:00", 85)
    story.judge_by("2026-01-10 11:00", second)
    told = story.happens("2026-01-10 12:00", "session.started")
    assert told == ["fired limit_hit_again:api_calls", "fired limit_hit_again:storage_gb"]


def test_48_features_that_no_plan_declares_are_no_gap_and_may_be_purchased(tell: Tell) -> None:
    """Nothing is gated by a plan that the playbook lacks; a purchase is known by its name alone."""
    changes = only("feature_gap", "purchased_unused")
    story = begin(tell, changes, plan="Starter", purchased_features=["teleport"])
    for hour in ("10", "11", "12"):
        assert story.happens(f"2026-01-02 {hour}:00", "feature.blocked", feature="time travel") == []
    story.facts("2026-01-02 13:00", plan="Nobody knows")
    for hour in ("14", "15", "16"):
        assert story.happens(f"2026-01-02 {hour}:00", "feature.blocked", feature="sso") == []
    assert story.tick("2026-01-31 00:00") == ["fired purchased_unused:teleport"]


def test_metrics_that_nobody_declares_have_a_velocity(tell: Tell) -> None:
    """A plan need not name what is recorded."""
    story = begin(tell, VELOCITY)
    story.happens("2026-01-10 10:00", "usage.recorded", metric="teleports", quantity=100)
    told = story.happens("2026-01-15 10:00", "usage.recorded", metric="teleports", quantity=140)
    assert told == ["fired usage_velocity:teleports@growth"]


@pytest.mark.parametrize(
    "wrong", [{"quantity": -1}, {"quantity": "many"}, {"quantity": 1, "cost": -1}, {"quantity": 1e18}]
)
def test_45_quantities_and_costs_that_mean_nothing_change_no_value(tell: Tell, wrong: dict[str, object]) -> None:
    """They are refused whole: 139 stays 139, and its unit costs what it did."""
    changes = VELOCITY | COST | {"rules.usage_velocity.enabled": True}
    story = begin(tell, changes)
    paid(story, "2026-01-10 10:00", 100, 10)
    paid(story, "2026-01-15 10:00", 139, 13.9)
    properties: dict[str, object] = {"metric": "api_calls"} | wrong
    assert story.fold(event("usage.recorded", "acme", "2026-01-15 11:00", "wrong", properties=properties)) == []
    assert used(story, "2026-01-15 12:00", 1) == ["fired usage_velocity:api_calls@growth"]


def test_66_what_grows_fast_only_by_a_new_playbook_waits_unless_it_was_slow_in_between(tell: Tell) -> None:
    """125 % is enough by the second playbook; 10 more of the window before make it too little, 3 more now enough."""
    second = playbook(WIDE_OPEN | VELOCITY | {"version": "second", "rules.usage_velocity.levels": LEVELS})
    story = tell(VELOCITY, second)
    story.ready("2026-01-01 09:00")
    used(story, "2026-01-10 10:00", 100)
    used(story, "2026-01-15 10:00", 125)
    story.judge_by("2026-01-15 11:00", second)
    assert used(story, "2026-01-15 12:00", 1) == []
    assert used(story, "2026-01-12 12:00", 10) == []
    assert used(story, "2026-01-15 13:00", 5) == []
    assert used(story, "2026-01-15 14:00", 1) == ["fired usage_velocity:api_calls@growth"]


def test_66_what_costs_more_only_by_a_new_playbook_waits_unless_it_was_cheap_in_between(tell: Tell) -> None:
    """105 % is enough by the second playbook, 103 % not; from then on 105 % fires."""
    second = playbook(WIDE_OPEN | COST | {"version": "second", "rules.cost_efficiency.unit_cost_percent": 105})
    story = tell(COST, second)
    story.ready("2026-01-01 09:00")
    paid(story, "2026-01-10 10:00", 100, 100)
    paid(story, "2026-01-13 10:00", 200, 211)
    story.judge_by("2026-01-13 11:00", second)
    assert paid(story, "2026-01-13 12:00", 1, 1) == []
    assert paid(story, "2026-01-13 13:00", 99, 97) == []
    assert paid(story, "2026-01-13 14:00", 100, 110) == []
    assert paid(story, "2026-01-13 15:00", 100, 111) == ["fired cost_efficiency:api_calls"]


@pytest.mark.parametrize(("flag", "told"), [(True, ["fired addon_problem:Add"]), (False, [])])
def test_68_true_is_no_number_and_a_number_is_not_true(tell: Tell, *, flag: bool, told: list[str]) -> None:
    """`primary: true` is what the playbook asks for."""
    problem = {"type": "outcome.achieved", "count": 1, "days": 5, "where": {"primary": True}}
    addon = {"price": 1, "problem": problem}
    story = begin(tell, only("addon_problem") | {"addons": {"Add": addon}})
    assert story.happens("2026-01-05 10:00", "outcome.achieved", outcome="o", primary=flag) == told
