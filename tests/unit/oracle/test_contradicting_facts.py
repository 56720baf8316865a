"""Facts that contradict each other, or the events: what each means is in `docs/facts.md`, row by row.

Definitions 10, 11, 13, 20, 21, 27, 29, 30, 44, 45, 46, 48, 50, 58, 69. Nothing crashes and nothing fires that the
definitions do not let fire, which the oracle says of every case beside the engine.
"""

import pytest

from shared.kernel.playbook.risk import Rules
from tests.oracle.beginnings import Tell, begin, gauge, used
from tests.oracle.writing import only

EVERY = only(*Rules.__struct_fields__)
SEATS = only("seat_saturation", "low_seat_use")


@pytest.mark.parametrize("seats", [0, None])
def test_no_seats_are_no_share(tell: Tell, seats: int | None) -> None:
    """Both rules on seats fall silent, and what was open ends; the gate does not know the share."""
    story = begin(tell, SEATS, seats=1, onboarded_at="2025-10-01")
    assert story.active("2026-01-01 10:00", "a") == ["fired seat_saturation:active"]
    story.facts("2026-01-01 11:00", seats=seats)
    assert story.explain().met["active_share_percent"] is None
    assert "usage" not in story.explain().components
    assert story.tick("2026-01-02 00:00") == ["resolved seat_saturation:active"]
    assert story.active("2026-01-02 10:00", "b", "c") == []
    assert story.tick("2026-01-03 00:00") == []


def test_fewer_seats_than_users_are_more_than_all(tell: Tell) -> None:
    """Three active and assigned with two seats: 150 % each; health counts the active share as full, not more."""
    story = begin(tell, SEATS, seats=9, onboarded_at="2025-10-01")
    story.fold(*(story.line("2026-01-01 10:00", "user.provisioned", user=user) for user in "abc"))
    assert story.active("2026-01-01 11:00", *"abc") == []
    assert story.facts("2026-01-01 12:00", seats=2) == [
        "fired seat_saturation:active",
        "fired seat_saturation:assigned",
    ]
    assert [one.value for one in story.told] == [150, 150]
    assert story.explain().components["usage"] == 100


def test_a_limit_that_shrinks_below_the_use_is_passed_by_the_fact_itself(tell: Tell) -> None:
    """60 of 100; the limit becomes 50: 120 %, at once the highest level, and the limit is reached on this day."""
    story = begin(tell, only("usage_ceiling", "limit_hit_again"), limits={"api_calls": 100})
    assert used(story, "2026-01-02 10:00", 60) == []
    assert story.facts("2026-01-03 10:00", limits={"api_calls": 50}) == ["fired usage_ceiling:api_calls@executive"]
    assert story.told[-1].value == 120
    assert story.facts("2026-01-03 11:00", limits={"api_calls": 1000}) == []
    assert story.tick("2026-01-04 00:00") == ["resolved usage_ceiling:api_calls@executive"]
    assert story.facts("2026-01-04 10:00", limits={"api_calls": 50}) == [
        "fired usage_ceiling:api_calls@executive",
        "fired limit_hit_again:api_calls",
    ]


@pytest.mark.parametrize("limit", [0, None, "0", 0.0])
def test_11_a_limit_of_nothing_is_no_limit(tell: Tell, limit: object) -> None:
    """Zero means unlimited as null does: nothing can be reached, and what was open ends."""
    story = begin(tell, only("usage_ceiling", "limit_hit_again"), limits={"api_calls": 10})
    assert used(story, "2026-01-02 10:00", 10) == ["fired usage_ceiling:api_calls@executive"]
    story.facts("2026-01-02 11:00", limits={"api_calls": limit})
    assert story.tick("2026-01-03 00:00") == ["resolved usage_ceiling:api_calls@executive"]
    assert used(story, "2026-01-03 10:00", 10**9) == []


def test_58_a_renewal_that_has_passed_is_near_nothing(tell: Tell) -> None:
    """No quiet days, no milestone, no risk; that it was given turns no contract period."""
    story = begin(tell, EVERY, renews_on="2025-12-01", health_score=40)
    assert [str(one) for one in story.told] == ["fired health_critical"]
    assert "renewal_quiet" not in story.explain().held_because
    assert story.tick("2026-01-02 00:00") == []
    assert story.facts("2026-01-02 10:00", renews_on="2026-01-01") == []
    assert story.tick("2026-01-03 00:00") == []
    assert story.facts("2026-01-03 10:00", renews_on="2026-01-04") == ["fired renewal_at_risk"]
    assert "renewal_quiet" in story.explain().held_because


def test_58_what_waits_for_a_renewal_ends_when_its_day_has_come(tell: Tell) -> None:
    """On January 3 it is a day ahead; on the day itself, which is the new term's, and after it there is no value."""
    story = begin(tell, only("renewal_at_risk"), renews_on="2026-01-04", health_score=40)
    assert [str(one) for one in story.told] == ["fired renewal_at_risk"]
    assert story.tick("2026-01-03 00:00") == []
    assert story.tick("2026-01-04 00:00") == ["resolved renewal_at_risk"]
    assert story.tick("2026-01-05 00:00") == []


@pytest.mark.parametrize("plan", ["Handmade", "growth", "", "starter "])
def test_48_a_plan_that_the_playbook_lacks_limits_and_gates_nothing(tell: Tell, plan: str) -> None:
    """The account's own limits hold all the same; what the plan before it let fire ends."""
    changes = only("usage_ceiling", "gated_exploration", "feature_gap")
    story = begin(tell, changes, plan="Starter", limits={"api_calls": 100})
    assert gauge(story, "2026-01-02 10:00", 49) == ["fired usage_ceiling:storage_gb@executive"]
    for _ in range(2):
        assert story.happens("2026-01-02 11:00", "feature.blocked", feature="sso") == []
    assert story.happens("2026-01-02 11:00", "feature.blocked", feature="sso") == ["fired feature_gap:sso"]
    story.facts("2026-01-02 12:00", plan=plan)
    assert story.tick("2026-01-03 00:00") == ["resolved usage_ceiling:storage_gb@executive", "resolved feature_gap:sso"]
    for feature in ("sso", "roles", "integrations"):
        assert story.happens("2026-01-03 11:00", "feature.blocked", feature=feature) == []
    assert used(story, "2026-01-03 12:00", 96) == ["fired usage_ceiling:api_calls@executive"]


def test_21_a_user_who_changes_department_counts_for_the_latest(tell: Tell) -> None:
    """Wherever the user has been: one person is in one department, by event time and not by arrival."""
    story = begin(tell, only("department_adjacent"))
    story.happens("2026-01-02 10:00", "user.provisioned", user="a", department="Finance")
    assert story.active("2026-01-02 11:00", "a") == ["fired department_adjacent:Operations"]
    story.happens("2026-01-02 12:00", "user.provisioned", user="a", department="Engineering")
    assert story.active("2026-01-02 13:00", "a") == []
    assert story.told[-1].scope == "Product"
    story.happens("2026-01-02 11:30", "user.provisioned", user="a", department="Sales")
    assert story.tick("2026-01-03 00:00") == ["resolved department_adjacent:Operations"]
    assert story.explain().states == {("department_adjacent", "Product", None): "fired"}


def test_69_an_account_that_changes_segment_is_judged_by_the_new_one_at_once(tell: Tell) -> None:
    """Readiness, milestones and whitespace are the new segment's; what has fired is not taken back."""
    story = begin(tell, only("seat_saturation", "milestone_missed"), segment="SMB", onboarded_at="2025-12-20", seats=1)
    assert story.active("2026-01-01 10:00", "a") == ["fired seat_saturation:active"]
    assert story.tick("2026-01-02 00:00") == ["fired milestone_missed"]
    story.facts("2026-01-02 10:00", segment="Enterprise")
    known = story.explain()
    assert (known.segment, known.open) == ("enterprise", False)
    assert known.states["seat_saturation", "active", None] == "fired"
    assert story.tick("2026-01-03 00:00") == ["resolved milestone_missed"]


@pytest.mark.parametrize(
    ("facts", "segment"),
    [
        ({"segment": "Galactic"}, "smb"),
        ({"segment": "Galactic", "mrr": 9000}, "enterprise"),
        ({"segment": "", "mrr": 2084}, "mid_market"),
        ({"segment": " ENTERPRISE ", "mrr": 1}, "enterprise"),
        ({"segment": None, "mrr": "2083.333333"}, "smb"),
    ],
)
def test_29_a_segment_that_the_playbook_lacks_counts_as_not_given(
    tell: Tell, facts: dict[str, object], segment: str
) -> None:
    """Then 12 x MRR decides, and without MRR the smallest."""
    story = begin(tell, only(), **facts)
    assert story.explain().segment == segment


def test_29_another_currency_converts_nothing(tell: Tell) -> None:
    """9,000 of whatever a month are more than 100,000 a year: the number decides, before and after the change."""
    story = begin(tell, EVERY, mrr=9000, currency="USD", onboarded_at="2026-01-01")
    before = list(story.told)
    assert story.facts("2026-01-01 10:00", currency="JPY") == []
    assert story.facts("2026-01-01 11:00", currency=None) == []
    assert (story.told, story.explain().segment) == (before, "enterprise")


NEGATIVE: list[tuple[str, dict[str, object]]] = [
    ("usage.recorded", {"metric": "api_calls", "quantity": -40}),
    ("usage.recorded", {"metric": "api_calls", "quantity": "-0.000001"}),
    ("usage.recorded", {"metric": "api_calls", "quantity": 40, "cost": -1}),
    ("feature.used", {"feature": "x", "metric": "api_calls", "quantity": -40}),
    ("usage.reported", {"metric": "api_calls", "level": -1}),
    ("account.updated", {"limits": {"api_calls": -100}}),
    ("account.updated", {"seats": -1}),
    ("account.updated", {"mrr": -1}),
    ("account.updated", {"employees": -1, "seats": 1}),
    ("survey.answered", {"survey": "nps", "score": -1}),
]


@pytest.mark.parametrize(("kind", "properties"), NEGATIVE)
def test_45_negative_quantities_change_nothing(tell: Tell, kind: str, properties: dict[str, object]) -> None:
    """The whole event is refused, with its sound fields: 69 stay 69, and one more makes 70 %."""
    story = begin(tell, only("usage_ceiling", "seat_saturation"), limits={"api_calls": 100})
    used(story, "2026-01-02 10:00", 69)
    before = story.explain()
    assert story.happens("2026-01-02 11:00", kind, user="a", **properties) == []
    assert story.explain() == before
    assert used(story, "2026-01-02 12:00", 1) == ["fired usage_ceiling:api_calls@nurture"]
    assert story.told[-1].value == 70


def test_20_44_a_metric_that_no_plan_limits_is_measured_where_no_limit_is_asked(tell: Tell) -> None:
    """It has no ceiling, but it grows, and may be refused: a refusal needs no limit that we know."""
    changes = only("usage_ceiling", "limit_hit_again", "usage_velocity")
    story = begin(tell, changes, plan="Starter")
    story.happens("2026-01-02 10:00", "usage.recorded", metric="widgets", quantity=100)
    story.tick("2026-01-31 00:00")
    assert story.happens("2026-01-31 10:00", "limit.reached", metric="widgets") == []
    assert story.happens("2026-02-01 10:00", "limit.reached", metric="widgets") == ["fired limit_hit_again:widgets"]
    story.tick("2026-03-02 00:00")
    story.happens("2026-03-02 10:00", "feature.used", feature="dashboards")
    assert story.happens("2026-03-02 10:00", "usage.recorded", metric="widgets", quantity=139) == []
    assert story.happens("2026-03-02 10:00", "usage.recorded", metric="widgets", quantity=1) == [
        "fired usage_velocity:widgets@growth"
    ]
    assert "usage_ceiling" not in {one.rule for one in story.told}


def test_2_48_a_feature_that_no_plan_has_is_activity_and_no_more(tell: Tell) -> None:
    """Its user is active; it is neither core nor gated, purchased or not."""
    changes = only("seat_saturation", "gated_exploration", "feature_gap")
    story = tell(changes)
    story.facts("2026-01-01 09:00", plan="Starter", seats=1, purchased_features=["warp"])
    for feature in ("warp", "weft", "woof"):
        story.happens("2026-01-02 10:00", "feature.blocked", feature=feature)
        story.happens("2026-01-02 10:00", "feature.used", feature=feature)
    assert story.told == []
    assert story.happens("2026-01-02 11:00", "feature.used", user="a", feature="weft") == [
        "held seat_saturation:active"
    ]
    assert story.explain().met["core_features"] is False


def test_46_an_onboarding_that_lies_ahead_is_not_long_ago(tell: Tell) -> None:
    """No day has passed since it: the gate is shut, and no rule that counts from it measures anything."""
    changes = only("low_seat_use", "milestone_missed", "department_expansion")
    story = tell(changes, gate=True)
    story.facts("2026-01-01 09:00", onboarded_at="2026-06-01", seats=9, segment="SMB")
    assert story.explain().met["days_since_onboarding"] is False
    assert story.tick("2026-06-01 00:00") == []


def test_every_contradiction_at_once(tell: Tell) -> None:
    """All rules are on; what fires is what the definitions say, for oracle and engine alike, and days pass."""
    facts: dict[str, object] = {
        "seats": 0,
        "plan": "Handmade",
        "segment": "Galactic",
        "limits": {"api_calls": 0},
        "renews_on": "1999-12-31",
        "onboarded_at": "2099-01-01",
        "currency": "XTS",
        "products": ["Nothing"],
        "purchased_features": ["warp"],
        "budget_month": 12,
        "industry": "",
        "billing_anchor": 31,
        "employees": 0,
        "exec_sponsor": "",
        "champion": False,
    }
    story = tell(EVERY | {"rules.cross_sell_fit.score": 100})
    assert story.facts("2026-01-01 09:00", **facts) == []
    story.active("2026-01-01 10:00", "a")
    assert story.tick("2026-01-31 00:00") == ["fired purchased_unused:warp"]
    assert story.tick("2026-02-28 00:00") == []
