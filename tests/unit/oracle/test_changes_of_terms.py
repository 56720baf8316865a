"""Definitions 66, 69, 74: when the playbook, a rule or the facts of an account change."""

from tests.oracle.beginnings import Tell, begin_gauged, gauge
from tests.oracle.writing import WIDE_OPEN, playbook


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
    story = begin_gauged(tell)
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
    story = begin_gauged(tell)
    story.facts("2026-03-01 10:00", seats=10)
    assert story.active("2026-03-02 10:00", "u1", "u2") == []
    assert story.facts("2026-03-02 11:00", seats=2) == ["fired seat_saturation:active"]
    assert story.facts("2026-03-02 12:00", seats=10) == []
    assert story.tick("2026-03-03 00:00") == ["resolved seat_saturation:active"]
