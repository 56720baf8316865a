"""Definitions 4, 5, 7, 33, 38, 70: when triggers fire and are over."""

from shared.kernel.ids import trigger_id
from tests.oracle.beginnings import Tell, begin_gauged, gauge
from tests.oracle.writing import instant


def test_4_a_trigger_ends_only_at_a_change_of_day(tell: Tell) -> None:
    """A fall within the day ends nothing; the day's last value does.

    ::

        Mar 2  10:00  96 %   fired executive
               11:00  10 %   -
               12:00  96 %   - (still the same episode)
        Mar 3  00:00         - (the day ended on 96)
               10:00  10 %   -
        Mar 4  00:00         resolved (10 <= 95 - 5), re-armed
               10:00  96 %   fired anew
    """
    story = begin_gauged(tell)
    assert gauge(story, "2026-03-02 10:00", 96) == ["fired usage_ceiling:storage_gb@executive"]
    assert gauge(story, "2026-03-02 11:00", 10) == []
    assert gauge(story, "2026-03-02 12:00", 96) == []
    assert story.tick("2026-03-03 00:00") == []
    assert gauge(story, "2026-03-03 10:00", 10) == []
    assert story.tick("2026-03-04 00:00") == ["resolved usage_ceiling:storage_gb@executive"]
    assert gauge(story, "2026-03-04 10:00", 96) == ["fired usage_ceiling:storage_gb@executive"]


def test_4_the_margin_is_five_points_and_its_bound_is_included(tell: Tell) -> None:
    """95 - 5 = 90: at 90.01 it stands, at 90 it is over."""
    story = begin_gauged(tell)
    gauge(story, "2026-03-02 10:00", 95)
    gauge(story, "2026-03-02 11:00", 90.01)
    assert story.tick("2026-03-03 00:00") == []
    gauge(story, "2026-03-03 11:00", 90)
    assert story.tick("2026-03-04 00:00") == ["resolved usage_ceiling:storage_gb@executive"]


def test_4_the_margin_of_a_count_is_at_least_one(tell: Tell) -> None:
    """Threshold 3, margin 1: at 2 features it is over; the window of 14 days slides.

    ::

        Mar 1  sso    Mar 2  sso    Mar 3  sso, roles, audit_log   fired (3)
        Mar 16  roles again: the 14 days that ended on the 16th hold sso (3rd), roles, audit_log
        Mar 17  00:00  day ended: Mar 3..16 -> 3      stands
        Mar 18  00:00  day ended: Mar 4..17 -> roles  resolved
    """
    story = begin_gauged(tell)
    story.facts("2026-03-01 09:30", plan="Starter")
    for when, feature in (("01", "sso"), ("02", "sso"), ("03", "sso"), ("03", "roles")):
        assert story.happens(f"2026-03-{when} 10:00", "feature.blocked", feature=feature) == []
    assert story.happens("2026-03-03 11:00", "feature.used", feature="audit_log") == ["fired gated_exploration"]
    story.happens("2026-03-16 10:00", "feature.blocked", feature="roles")
    assert story.tick("2026-03-17 00:00") == []
    assert story.tick("2026-03-18 00:00") == ["resolved gated_exploration"]


def test_4_what_cannot_be_measured_any_more_is_over(tell: Tell) -> None:
    """The limit is lifted: nothing at that record, resolved at the change of day."""
    story = begin_gauged(tell)
    gauge(story, "2026-03-02 10:00", 96)
    assert story.facts("2026-03-02 11:00", limits={"storage_gb": None}) == []
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@executive"]


def test_5_a_jump_fires_the_highest_level_alone(tell: Tell) -> None:
    """0 -> 96 -> 79 -> 86 fires executive, then owner (the definition's own example)."""
    story = begin_gauged(tell)
    assert gauge(story, "2026-03-02 10:00", 96) == ["fired usage_ceiling:storage_gb@executive"]
    gauge(story, "2026-03-02 11:00", 79)
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@executive"]
    assert gauge(story, "2026-03-03 10:00", 86) == ["fired usage_ceiling:storage_gb@owner"]


def test_5_a_level_that_only_counted_as_fired_rearms_by_its_own_threshold(tell: Tell) -> None:
    """After 96 -> 81 the owner level (85) is still spent: 81 > 80."""
    story = begin_gauged(tell)
    gauge(story, "2026-03-02 10:00", 96)
    gauge(story, "2026-03-02 11:00", 81)
    story.tick("2026-03-03 00:00")
    assert gauge(story, "2026-03-03 10:00", 86) == []
    gauge(story, "2026-03-03 11:00", 80)
    story.tick("2026-03-04 00:00")
    assert gauge(story, "2026-03-04 10:00", 86) == ["fired usage_ceiling:storage_gb@owner"]


def test_5_a_higher_level_fires_again_a_lower_one_never(tell: Tell) -> None:
    """Each boundary is exact: 70 nurture, above 80 outreach, 85 owner, 95 executive."""
    story = begin_gauged(tell)
    steps = {69.999999: [], 70: ["nurture"], 80: [], 80.000001: ["outreach"], 85: ["owner"], 84: [], 95: ["executive"]}
    for number, (level, fired) in enumerate(steps.items()):
        told = gauge(story, f"2026-03-02 1{number}:00", level)
        assert told == [f"fired usage_ceiling:storage_gb@{name}" for name in fired]


def test_7_the_turn_of_the_billing_period_ends_summed_metrics_only(tell: Tell) -> None:
    """Anchor 1: on April 1 the sum's trigger ends, the gauge's and the seats' stand.

    ::

        Mar 30  sum 96 %  gauge 96 %  seats 10/10
        Mar 31  00:00  -
        Apr  1  00:00  resolved: the sum's
    """
    story = begin_gauged(tell)
    story.facts("2026-03-01 10:00", limits={"api_calls": 100}, seats=1)
    gauge(story, "2026-03-30 10:00", 96)
    story.happens("2026-03-30 10:00", "usage.recorded", user="u1", metric="api_calls", quantity=96)
    assert story.tick("2026-03-31 00:00") == []
    assert story.tick("2026-04-01 00:00") == ["resolved usage_ceiling:api_calls@executive"]
    assert story.happens("2026-04-01 10:00", "usage.recorded", metric="api_calls", quantity=96) == [
        "fired usage_ceiling:api_calls@executive"
    ]


def test_7_the_turn_rearms_levels_that_only_counted_as_fired(tell: Tell) -> None:
    """96 in March; in April 71 fires nurture although March passed it by."""
    story = begin_gauged(tell)
    story.facts("2026-03-01 10:00", limits={"api_calls": 100})
    story.happens("2026-03-31 10:00", "usage.recorded", metric="api_calls", quantity=96)
    story.tick("2026-04-01 00:00")
    assert story.happens("2026-04-01 10:00", "usage.recorded", metric="api_calls", quantity=71) == [
        "fired usage_ceiling:api_calls@nurture"
    ]


def test_7_the_contract_turns_on_every_day_ever_given_as_renews_on(tell: Tell) -> None:
    """Two dates were given; on each all state rules end and what stands fires anew.

    ::

        renews_on = Mar 10, later corrected to Mar 20
        Mar 2  gauge 96 %   fired
        Mar 10 00:00        resolved, fired (decided by the day)
        Mar 20 00:00        resolved, fired
    """
    story = begin_gauged(tell, {"holds.renewal_quiet_days": 1})
    story.facts("2026-03-01 10:00", renews_on="2026-03-10")
    story.facts("2026-03-01 11:00", renews_on="2026-03-20")
    gauge(story, "2026-03-02 10:00", 96)
    story.told.clear()
    for day in range(3, 22):
        story.tick(f"2026-03-{day:02d} 00:05")
    assert [(str(one), one.decided_by) for one in story.told] == [
        ("resolved usage_ceiling:storage_gb@executive", "app/e5"),
        ("fired usage_ceiling:storage_gb@executive", "day/2026-03-10"),
        ("resolved usage_ceiling:storage_gb@executive", "day/2026-03-10"),
        ("fired usage_ceiling:storage_gb@executive", "day/2026-03-20"),
    ]


def test_33_ending_comes_before_firing_at_a_change_of_day(tell: Tell) -> None:
    """At the contract's turn `resolved` is said before `fired`, at the same midnight."""
    story = begin_gauged(tell, {"holds.renewal_quiet_days": 1})
    story.facts("2026-03-01 10:00", renews_on="2026-03-04", seats=1)
    story.active("2026-03-02 10:00", "u1")
    story.tick("2026-03-03 00:00")
    assert story.tick("2026-03-04 07:00") == ["resolved seat_saturation:active", "fired seat_saturation:active"]
    assert {one.occurred_at for one in story.told[-2:]} == {instant("2026-03-04")}


def test_38_the_identity_names_what_decided(tell: Tell) -> None:
    """An event decides as `source/id`, a change of day as `day/YYYY-MM-DD`."""
    story = begin_gauged(tell)
    story.happens("2026-03-02 10:00", "usage.reported", name="m-7", source="web", metric="storage_gb", level=96)
    assert story.told[-1].decided_by == "web/m-7"
    assert story.told[-1].trigger_id == trigger_id("acme", "usage_ceiling", "storage_gb", "executive", "web/m-7")


def test_70_the_instant_of_a_trigger_is_the_accounts_clock(tell: Tell) -> None:
    """A late event at 08:00 fires after a tick of 12:00: the trigger's instant is 12:00."""
    story = begin_gauged(tell)
    story.tick("2026-03-02 12:00")
    gauge(story, "2026-03-02 08:00", 96)
    assert story.told[-1].occurred_at == instant("2026-03-02 12:00")
