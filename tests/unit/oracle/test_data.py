"""Definitions 6, 9, 10, 11, 12, 45, 46, 48, 75: what the numbers are made of."""

import pytest

from tests.oracle.beginnings import Tell, begin, used
from tests.oracle.writing import instant

YEARLY = {
    "plans.Yearly": {
        "price": 10,
        "seat_price": 1,
        "limits": {"api_calls": 100},
        "features": ["dashboards"],
        "annual": True,
    }
}


@pytest.mark.parametrize(
    ("anchor", "turn"),
    [
        (None, "2026-03-01"),
        (1, "2026-03-01"),
        (15, "2026-02-15"),
        (29, "2026-02-28"),
        (30, "2026-02-28"),
        (31, "2026-02-28"),
    ],
)
def test_6_the_period_begins_on_the_anchor_or_the_last_day_of_a_short_month(
    tell: Tell, anchor: int | None, turn: str
) -> None:
    """February 2026 has 28 days: anchors 29 to 31 turn on the 28th."""
    story = begin(tell, limits={"api_calls": 100}, billing_anchor=anchor)
    used(story, "2026-02-10 10:00", 96)
    story.told.clear()
    story.tick("2026-03-05 00:00", live=False)
    assert [str(one) for one in story.told] == ["resolved usage_ceiling:api_calls@executive"]
    assert story.told[0].occurred_at == instant(turn)


def test_6_a_short_month_does_not_shorten_the_next_period(tell: Tell) -> None:
    """Anchor 31: Jan 31, Feb 28, Mar 31, always computed from the anchor itself.

    ::

        Feb 28  40   the period's first day counts
        Mar 28  40   80 % -> nurture; a period of Mar 28 would have begun at 40
    """
    story = begin(tell, limits={"api_calls": 100}, billing_anchor=31)
    assert used(story, "2026-02-28 00:00", 40) == []
    story.happens("2026-02-28 00:00", "feature.used", feature="dashboards")  # keeps the gate open
    assert used(story, "2026-03-28 10:00", 40) == ["fired usage_ceiling:api_calls@nurture"]


@pytest.mark.parametrize(
    ("facts", "before", "after"),
    [
        ({}, "2025-12-31", "2026-01-01"),
        ({"onboarded_at": "2025-06-20"}, "2026-05-31", "2026-06-01"),
        ({"onboarded_at": "2025-06-20", "renews_on": "2027-09-10"}, "2026-08-31", "2026-09-01"),
        ({"renews_on": "2027-02-10", "billing_anchor": 31}, "2026-02-27", "2026-02-28"),
    ],
)
def test_6_annual_plans_turn_in_the_month_of_renewal_else_of_onboarding_else_january(
    tell: Tell, facts: dict[str, object], before: str, after: str
) -> None:
    """Seventy units the day before the turn and thirty the day after: only one period holds both."""
    story = tell(YEARLY)
    story.ready("2025-11-01 09:00", plan="Yearly", **facts)
    story.tick(f"{before} 00:00")
    story.happens(f"{before} 00:00", "feature.used", feature="dashboards")  # keeps the gate open
    assert used(story, f"{before} 10:00", 70) == ["fired usage_ceiling:api_calls@nurture"]
    assert "resolved usage_ceiling:api_calls@nurture" in story.tick(f"{after} 00:00")
    assert used(story, f"{after} 10:00", 30) == []


def test_9_shares_are_compared_exactly(tell: Tell) -> None:
    """0.1 + 0.2 + 0.4 of 1 is exactly 70 %; with floats it would be less."""
    story = begin(tell, limits={"api_calls": 1})
    assert used(story, "2026-01-02 10:00", 0.1) == []
    assert used(story, "2026-01-02 10:00", "0.2") == []
    assert used(story, "2026-01-02 10:00", "0.399999") == []
    assert used(story, "2026-01-02 10:00", 0.000001) == ["fired usage_ceiling:api_calls@nurture"]


@pytest.mark.parametrize("quantity", [-1, "-0.5", "many", 0.0000001, "NaN", "Infinity", None, [1]])
def test_45_quantities_that_mean_nothing_change_nothing(tell: Tell, quantity: object) -> None:
    """They go to the dead letters, and the sum stays at 69."""
    story = begin(tell, limits={"api_calls": 100})
    used(story, "2026-01-02 10:00", 69)
    assert story.happens("2026-01-02 10:00", "usage.recorded", metric="api_calls", quantity=quantity) == []
    assert used(story, "2026-01-02 10:00", 1) == ["fired usage_ceiling:api_calls@nurture"]


def test_10_a_late_fact_does_not_overwrite_a_newer_one_and_absent_is_unchanged(tell: Tell) -> None:
    """Seats 2 of 10:00 stand against seats 20 of 09:30 that arrive later; null clears them."""
    story = begin(tell)
    story.facts("2026-01-02 10:00", seats=2)
    story.facts("2026-01-02 09:30", seats=20)
    story.facts("2026-01-02 10:30", plan="Starter")
    assert story.active("2026-01-02 11:00", "u1", "u2") == ["fired seat_saturation:active"]
    story.facts("2026-01-02 12:00", seats=None)
    assert story.tick("2026-01-03 00:00") == ["resolved seat_saturation:active"]


def test_10_limits_merge_by_metric_and_null_clears_them_all(tell: Tell) -> None:
    """Two metrics given one after the other both stand; null gives the plan's back (10,000 calls)."""
    story = begin(tell, plan="Starter", limits={"api_calls": 100})
    story.facts("2026-01-01 10:00", limits={"storage_gb": 10})
    assert used(story, "2026-01-02 10:00", 70) == ["fired usage_ceiling:api_calls@nurture"]
    assert story.happens("2026-01-02 10:00", "usage.reported", metric="storage_gb", level=7) == [
        "fired usage_ceiling:storage_gb@nurture"
    ]
    story.facts("2026-01-02 11:00", limits=None)
    assert sorted(story.tick("2026-01-03 00:00")) == [
        "resolved usage_ceiling:api_calls@nurture",
        "resolved usage_ceiling:storage_gb@nurture",
    ]


def test_10_a_late_limit_from_before_they_were_cleared_stays_cleared(tell: Tell) -> None:
    """Cleared at 11:00; a limit of 10:00 arrives after it, one of 12:00 stands."""
    story = begin(tell)
    story.facts("2026-01-02 11:00", limits=None)
    story.facts("2026-01-02 10:00", limits={"api_calls": 100})
    assert used(story, "2026-01-02 12:00", 96) == []
    assert story.facts("2026-01-02 12:00", limits={"api_calls": 100}) == ["fired usage_ceiling:api_calls@executive"]
    story.facts("2026-01-02 10:30", limits=None)
    assert story.tick("2026-01-03 00:00") == []


@pytest.mark.parametrize("unlimited", [None, 0])
def test_11_null_and_zero_on_the_account_mean_unlimited_against_the_plan(tell: Tell, unlimited: int | None) -> None:
    """Starter allows 10,000 calls; the account's own null or 0 goes before it."""
    story = begin(tell, plan="Starter", limits={"api_calls": unlimited})
    assert used(story, "2026-01-02 10:00", 1_000_000) == []
    assert story.happens("2026-01-02 10:00", "usage.reported", metric="storage_gb", level=35) == [
        "fired usage_ceiling:storage_gb@nurture"
    ]


def test_12_once_reported_the_latest_report_is_the_use(tell: Tell) -> None:
    """A sum of 96 gives way to a report of 10; later recordings count no more; the report outlives the period."""
    story = begin(tell, limits={"api_calls": 100})
    assert used(story, "2026-01-02 10:00", 96) == ["fired usage_ceiling:api_calls@executive"]
    story.happens("2026-01-02 11:00", "usage.reported", metric="api_calls", level=10)
    assert story.tick("2026-01-03 00:00") == ["resolved usage_ceiling:api_calls@executive"]
    assert used(story, "2026-01-03 10:00", 96) == []
    assert story.happens("2026-01-03 11:00", "usage.reported", metric="api_calls", level=90) == [
        "fired usage_ceiling:api_calls@owner"
    ]
    assert story.tick("2026-02-01 00:00") == []
    assert story.happens("2026-01-03 10:30", "usage.reported", metric="api_calls", level=99) == []


def test_75_feature_used_with_a_metric_adds_its_quantity_default_one(tell: Tell) -> None:
    """69 recorded and one use without quantity: 70 %."""
    story = begin(tell, limits={"api_calls": 100})
    used(story, "2026-01-02 10:00", 69)
    assert story.happens("2026-01-02 10:00", "feature.used", feature="x", metric="api_calls") == [
        "fired usage_ceiling:api_calls@nurture"
    ]


def test_48_gated_is_judged_with_the_plan_in_force(tell: Tell) -> None:
    """Three features of higher plans; purchased, own or unknown ones do not count.

    ::

        Starter: reports        Growth: integrations, automation        Scale: sso, roles, forecasting
    """
    story = begin(tell, plan="Starter", purchased_features=["forecasting"])
    for feature in ("reports", "forecasting", "unheard_of", "sso", "sso", "integrations"):
        assert story.happens("2026-01-02 10:00", "feature.blocked", feature=feature) == []
    assert story.happens("2026-01-02 10:00", "feature.used", feature="automation") == ["fired gated_exploration"]
    story.facts("2026-01-02 11:00", plan="Growth")
    assert story.tick("2026-01-03 00:00") == ["resolved gated_exploration"]
    assert story.facts("2026-01-03 11:00", plan="Starter") == ["fired gated_exploration"]


@pytest.mark.parametrize("plan", [None, "Handmade"])
def test_48_without_a_known_plan_nothing_is_gated(tell: Tell, plan: str | None) -> None:
    """Neither without a plan nor with one that the playbook does not know."""
    story = begin(tell, plan=plan)
    for feature in ("sso", "roles", "integrations"):
        assert story.happens("2026-01-02 10:00", "feature.blocked", feature=feature) == []


def test_48_the_window_of_14_days_holds_its_first_day(tell: Tell) -> None:
    """Jan 2 is in the window that ends on Jan 15, not in the one that ends on Jan 16."""
    story = begin(tell, plan="Starter")
    story.happens("2026-01-02 00:00", "feature.blocked", feature="sso")
    story.happens("2026-01-03 00:00", "feature.blocked", feature="roles")
    story.tick("2026-01-16 00:00")
    assert story.happens("2026-01-15 23:00", "feature.blocked", feature="integrations") == []
    story = begin(tell, plan="Starter")
    story.happens("2026-01-02 00:00", "feature.blocked", feature="sso")
    story.happens("2026-01-03 00:00", "feature.blocked", feature="roles")
    assert story.happens("2026-01-15 23:00", "feature.blocked", feature="integrations") == ["fired gated_exploration"]


def test_46_offsets_are_converted_before_the_day_is_taken(tell: Tell) -> None:
    """00:30 at +02:00 on Feb 1 is January in UTC."""
    story = begin(tell, limits={"api_calls": 100})
    story.tick("2026-01-31 22:00")
    assert used(story, "2026-02-01T00:30:00+02:00", 96) == ["fired usage_ceiling:api_calls@executive"]
    assert story.tick("2026-02-01 00:00") == ["resolved usage_ceiling:api_calls@executive"]
