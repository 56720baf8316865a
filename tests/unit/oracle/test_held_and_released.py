"""Definitions 34, 62: what the gate holds back, and when it is let go."""

from tests.oracle.beginnings import Tell, begin_gauged, gauge
from tests.oracle.writing import instant


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
    story = begin_gauged(tell)
    gauge(story, "2026-03-02 10:00", 96)
    assert story.facts("2026-03-02 11:00", status="suspended") == []
    assert gauge(story, "2026-03-02 12:00", 97) == []
    gauge(story, "2026-03-02 13:00", 1)
    assert story.tick("2026-03-03 00:00") == ["resolved usage_ceiling:storage_gb@executive"]
