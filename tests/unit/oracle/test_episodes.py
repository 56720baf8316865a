"""Definitions 4, 5, 7, 33, 34, 38, 62, 66, 69, 70: when triggers fire, are held, released and over."""

from collections.abc import Callable

from shared.kernel.ids import trigger_id
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, instant, playbook

Tell = Callable[..., Story]
METRIC = {"metric": "storage_gb"}


def gauge(story: Story, when: str, level: float) -> list[str]:
    """Report a level of the gauge whose limit is 100."""
    return story.happens(when, "usage.reported", metric="storage_gb", level=level)


def begin(tell: Tell, changes: dict[str, object] | None = None) -> Story:
    """Begin with an open gate and a gauge limited to 100."""
    story = tell(changes)
    story.ready("2026-03-01 09:00", limits={"storage_gb": 100})
    return story


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
    story = begin(tell)
    assert gauge(story, "2026-03-02 10:00", 96) == ["fired usage_ceiling:storage_gb@executive"]
    assert gauge(story, "2026-03-02 11:00", 10) == []
    assert gauge(story, "2026-03-02 12:00", 96) == []
    assert story.tick("2026-03-03 00:00") == []
    assert gauge(story, "2026-03-03 10:00", 10) == []
    assert story.tick("2026-03-04 00:00") == ["resolved usage_ceiling:storage_gb@executive"]
    assert gauge(story, "2026-03-04 10:00", 96) == ["fired usage_ceiling:storage_gb@executive"]


def test_4_the_margin_is_five_points_and_its_bound_is_included(tell: Tell) -> None:
    """95 - 5 = 90: at 90.01 it stands, at 90 it is over."""
    story = begin(tell)
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
    story = begin(tell)
    story.facts("2026-03-01 09:30", plan="Starter")
    for when, feature in (("01", "sso"), ("02", "sso"), ("03", "sso"), ("03", "roles")):
        assert story.happens(f"2026-03-{when} 10:00", "feature.blocked", feature=feature) == []
    assert story.happens("2026-03-03 11:00", "feature.used", feature="audit_log") == ["fired gated_exploration"]
    story.happens("2026-03-16 10:00", "feature.blocked", feature="roles")
    assert story.tick("2026-03-17 00:00") == []
    assert story.tick("2026-03-18 00:00") == ["resolved gated_exploration"]


def test_4_what_cannot_be_measured_any_more_is_over(tell: Tell) -> None:
    """The limit is lifted: nothing at that record, resolved at the change of day."""
    story = begin(tell)
    gauge(story, "2026-03-02 10:00", 96)
    assert story.facts("2026-03-02 11:00", limits={"storage_gb": None}) == []
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@executive"]


def test_5_a_jump_fires_the_highest_level_alone(tell: Tell) -> None:
    """0 -> 96 -> 79 -> 86 fires executive, then owner (the definition's own example)."""
    story = begin(tell)
    assert gauge(story, "2026-03-02 10:00", 96) == ["fired usage_ceiling:storage_gb@executive"]
    gauge(story, "2026-03-02 11:00", 79)
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@executive"]
    assert gauge(story, "2026-03-03 10:00", 86) == ["fired usage_ceiling:storage_gb@owner"]


def test_5_a_level_that_only_counted_as_fired_rearms_by_its_own_threshold(tell: Tell) -> None:
    """After 96 -> 81 the owner level (85) is still spent: 81 > 80."""
    story = begin(tell)
    gauge(story, "2026-03-02 10:00", 96)
    gauge(story, "2026-03-02 11:00", 81)
    story.tick("2026-03-03 00:00")
    assert gauge(story, "2026-03-03 10:00", 86) == []
    gauge(story, "2026-03-03 11:00", 80)
    story.tick("2026-03-04 00:00")
    assert gauge(story, "2026-03-04 10:00", 86) == ["fired usage_ceiling:storage_gb@owner"]


def test_5_a_higher_level_fires_again_a_lower_one_never(tell: Tell) -> None:
    """Each boundary is exact: 70 nurture, above 80 outreach, 85 owner, 95 executive."""
    story = begin(tell)
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
    story = begin(tell)
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
    story = begin(tell)
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
    story = begin(tell, {"holds.renewal_quiet_days": 1})
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
    story = begin(tell, {"holds.renewal_quiet_days": 1})
    story.facts("2026-03-01 10:00", renews_on="2026-03-04", seats=1)
    story.active("2026-03-02 10:00", "u1")
    story.tick("2026-03-03 00:00")
    assert story.tick("2026-03-04 07:00") == ["resolved seat_saturation:active", "fired seat_saturation:active"]
    assert {one.occurred_at for one in story.told[-2:]} == {instant("2026-03-04")}


def test_34_a_held_trigger_is_released_by_the_record_that_opens_the_gate(tell: Tell) -> None:
    """Held for want of a core feature; the use of one releases it, by its own id."""
    story = tell()
    story.facts("2026-03-01 09:00", limits={"storage_gb": 100})
    assert gauge(story, "2026-03-02 10:00", 96) == ["held usage_ceiling:storage_gb@executive"]
    assert story.told[-1].held_because == ("core_features",)
    assert story.happens("2026-03-02 11:00", "feature.used", feature="dashboards") == [
        "released usage_ceiling:storage_gb@executive"
    ]
    held, released = story.told
    assert held.trigger_id == released.trigger_id
    assert released.occurred_at == instant("2026-03-02 11:00")


def test_34_a_held_trigger_waits_until_its_threshold_is_met(tell: Tell) -> None:
    """The gate opens at 92 %: above the margin, below the threshold; at 95 it is released."""
    story = tell()
    story.facts("2026-03-01 09:00", limits={"storage_gb": 100})
    gauge(story, "2026-03-02 10:00", 96)
    gauge(story, "2026-03-02 11:00", 92)
    assert story.happens("2026-03-02 12:00", "feature.used", feature="dashboards") == []
    assert gauge(story, "2026-03-02 13:00", 95) == ["released usage_ceiling:storage_gb@executive"]


def test_34_of_several_held_levels_only_the_highest_is_released(tell: Tell) -> None:
    """Nurture, outreach and owner were held one after the other; the lower two end without."""
    story = tell()
    story.facts("2026-03-01 09:00", limits={"storage_gb": 100})
    for hour, level in ((10, 72), (11, 82), (12, 86)):
        gauge(story, f"2026-03-02 {hour}:00", level)
    assert sorted(story.happens("2026-03-02 13:00", "feature.used", feature="dashboards")) == [
        "released usage_ceiling:storage_gb@owner",
        "resolved usage_ceiling:storage_gb@nurture",
        "resolved usage_ceiling:storage_gb@outreach",
    ]
    assert gauge(story, "2026-03-02 14:00", 87) == []


def test_34_a_lower_level_that_was_passed_over_by_a_release_does_not_fire_after_it(tell: Tell) -> None:
    """Owner was released over nurture; when owner ends at 78, nurture is still spent (78 > 65)."""
    story = tell()
    story.facts("2026-03-01 09:00", limits={"storage_gb": 100})
    gauge(story, "2026-03-02 10:00", 72)
    gauge(story, "2026-03-02 11:00", 86)
    story.happens("2026-03-02 13:00", "feature.used", feature="dashboards")
    gauge(story, "2026-03-02 14:00", 78)
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@owner"]
    assert gauge(story, "2026-03-03 10:00", 79) == []


def test_34_at_a_change_of_day_ending_goes_before_releasing(tell: Tell) -> None:
    """The day ended on 60 %: what was held is over although the gate opens on the day that begins.

    Onboarded on Mar 1, the gate wants more than 2 days: it opens on Mar 4.
    """
    story = tell({"gate.smb.days_since_onboarding": 2})
    story.ready("2026-03-01 09:00", limits={"storage_gb": 100}, onboarded_at="2026-03-01")
    gauge(story, "2026-03-03 10:00", 96)
    gauge(story, "2026-03-03 11:00", 60)
    assert story.tick("2026-03-04 00:00") == ["resolved usage_ceiling:storage_gb@executive"]


def test_34_a_change_of_day_releases(tell: Tell) -> None:
    """More than 2 days since onboarding: held on Mar 3, released at midnight of Mar 4."""
    story = tell({"gate.smb.days_since_onboarding": 2})
    story.ready("2026-03-01 09:00", limits={"storage_gb": 100}, onboarded_at="2026-03-01")
    assert gauge(story, "2026-03-03 10:00", 96) == ["held usage_ceiling:storage_gb@executive"]
    assert story.told[-1].held_because == ("days_since_onboarding",)
    assert story.tick("2026-03-04 09:00") == ["released usage_ceiling:storage_gb@executive"]
    assert story.told[-1].occurred_at == instant("2026-03-04")


def test_62_what_has_fired_is_never_held_again(tell: Tell) -> None:
    """The account is suspended after the firing: silence, and resolved when it is over."""
    story = begin(tell)
    gauge(story, "2026-03-02 10:00", 96)
    assert story.facts("2026-03-02 11:00", status="suspended") == []
    assert gauge(story, "2026-03-02 12:00", 97) == []
    gauge(story, "2026-03-02 13:00", 1)
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@executive"]


def test_38_the_identity_names_what_decided(tell: Tell) -> None:
    """An event decides as `source/id`, a change of day as `day/YYYY-MM-DD`."""
    story = begin(tell)
    story.happens("2026-03-02 10:00", "usage.reported", name="m-7", source="web", metric="storage_gb", level=96)
    assert story.told[-1].decided_by == "web/m-7"
    assert story.told[-1].trigger_id == trigger_id("acme", "usage_ceiling", "storage_gb", "executive", "web/m-7")


def test_70_the_instant_of_a_trigger_is_the_accounts_clock(tell: Tell) -> None:
    """A late event at 08:00 fires after a tick of 12:00: the trigger's instant is 12:00."""
    story = begin(tell)
    story.tick("2026-03-02 12:00")
    gauge(story, "2026-03-02 08:00", 96)
    assert story.told[-1].occurred_at == instant("2026-03-02 12:00")


def test_66_an_open_trigger_keeps_the_threshold_it_fired_with(tell: Tell) -> None:
    """Fired at 90 % of seats; a playbook of 60 % comes: 85 % ends it by the old terms, and 85 fires by the new ones.

    ::

        20 seats, window 1 day
        Mar 2  19 active (95 %)   fired by 90
        Mar 3  17 active (85 %)   playbook: 60
        Mar 4  00:00              resolved (85 <= 90 - 5)
               13 active (65 %)   fired by 60
    """
    later = playbook(
        WIDE_OPEN
        | {"version": "second", "rules.seat_saturation.active_percent": 60, "rules.seat_saturation.active_days": 1}
    )
    story = tell({"rules.seat_saturation.active_days": 1}, later)
    story.ready("2026-03-01 09:00", seats=20)
    story.active("2026-03-02 10:00", *(f"u{number}" for number in range(19)))
    story.active("2026-03-03 10:00", *(f"u{number}" for number in range(17)))
    assert story.judge_by("2026-03-03 11:00", later) == []
    assert story.tick("2026-03-04 00:00") == ["resolved seat_saturation:active"]
    assert story.active("2026-03-04 10:00", *(f"u{number}" for number in range(13))) == ["fired seat_saturation:active"]
    assert [one.threshold for one in story.told] == [90, 90, 60]


def test_66_what_becomes_true_only_by_the_change_waits_for_the_change_of_day(tell: Tell) -> None:
    """60 % of the limit; a playbook of 50 % comes: silence, also at the next event, until midnight."""
    levels = [{"name": "nurture", "percent": 50, "comparison": ">="}]
    later = playbook(WIDE_OPEN | {"version": "second", "rules.usage_ceiling.levels": levels})
    story = tell(None, later)
    story.ready("2026-03-01 09:00", limits={"storage_gb": 100})
    gauge(story, "2026-03-02 10:00", 60)
    assert story.judge_by("2026-03-02 11:00", later) == []
    assert gauge(story, "2026-03-02 12:00", 61) == []
    assert story.tick("2026-03-03 06:00") == ["fired usage_ceiling:storage_gb@nurture"]
    assert story.told[-1].decided_by == "day/2026-03-03"


def test_66_what_an_event_makes_true_after_the_change_fires_at_once(tell: Tell) -> None:
    """40 % at the change, 55 % by an event after it."""
    levels = [{"name": "nurture", "percent": 50, "comparison": ">="}]
    later = playbook(WIDE_OPEN | {"version": "second", "rules.usage_ceiling.levels": levels})
    story = tell(None, later)
    story.ready("2026-03-01 09:00", limits={"storage_gb": 100})
    gauge(story, "2026-03-02 10:00", 40)
    story.judge_by("2026-03-02 11:00", later)
    assert gauge(story, "2026-03-02 12:00", 55) == ["fired usage_ceiling:storage_gb@nurture"]


def test_74_a_rule_switched_off_ends_at_the_change_of_day(tell: Tell) -> None:
    """Off: nothing fires, what is open ends at midnight; on again: what stands fires at the next midnight."""
    story = begin(tell)
    gauge(story, "2026-03-02 10:00", 96)
    assert story.switch("2026-03-02 11:00", "usage_ceiling", enabled=False) == []
    assert gauge(story, "2026-03-02 12:00", 97) == []
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@executive"]
    assert gauge(story, "2026-03-03 10:00", 98) == []
    assert story.switch("2026-03-03 11:00", "usage_ceiling", enabled=True) == []
    assert gauge(story, "2026-03-03 12:00", 98) == []
    assert story.tick("2026-03-04 00:00") == ["fired usage_ceiling:storage_gb@executive"]


def test_69_a_change_of_facts_fires_like_any_event_and_ends_by_the_margin(tell: Tell) -> None:
    """Seats 10 -> 2 fires; seats 2 -> 10 ends it at the change of day."""
    story = begin(tell)
    story.facts("2026-03-01 10:00", seats=10)
    assert story.active("2026-03-02 10:00", "u1", "u2") == []
    assert story.facts("2026-03-02 11:00", seats=2) == ["fired seat_saturation:active"]
    assert story.facts("2026-03-02 12:00", seats=10) == []
    assert story.tick("2026-03-03 00:00") == ["resolved seat_saturation:active"]
