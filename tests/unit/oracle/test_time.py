"""Definitions 1, 3, 8, 35, 36, 37, 39, 47, 63, 70, 73: the log, the day and the clock."""

import pytest

from shared.kernel.ids import partition_for
from tests.oracle.beginnings import Tell
from tests.oracle.story import Story
from tests.oracle.writing import event, instant


def used(story: Story, when: str, quantity: float, name: str | None = None) -> list[str]:
    """Record some of the metric whose limit is 100."""
    return story.happens(when, "usage.recorded", metric="api_calls", quantity=quantity, name=name)


def begin(tell: Tell, changes: dict[str, object] | None = None, **facts: object) -> Story:
    """Begin with an open gate and a summed metric limited to 100."""
    story = tell(changes)
    story.ready("2026-03-01 09:00", **({"limits": {"api_calls": 100}} | facts))
    return story


def test_1_a_late_event_counts_today_and_fires_for_no_day_that_is_over(tell: Tell) -> None:
    """Ninety calls of March 3 arrive on March 5: they fire on March 5, in the same billing period."""
    story = begin(tell)
    story.tick("2026-03-05 10:00")
    assert used(story, "2026-03-03 10:00", 90) == ["fired usage_ceiling:api_calls@owner"]
    assert story.told[-1].occurred_at == instant("2026-03-05 10:00")


def test_1_a_late_event_of_an_earlier_period_changes_nothing(tell: Tell) -> None:
    """Ninety calls of February 28 arrive in March."""
    story = begin(tell)
    assert used(story, "2026-02-28 23:59", 90) == []
    assert used(story, "2026-03-02 10:00", 69) == []


def test_8_a_repeat_within_an_hour_of_the_accounts_clock_counts_once(tell: Tell) -> None:
    """The hour is the account's, its end included; after it the repeat counts.

    ::

        10:00  e  40   counts
        11:00  e  40   duplicate (60 min)
        tick 11:01
        11:01  e  40   counts: 80 %, nurture
    """
    story = begin(tell)
    assert used(story, "2026-03-02 10:00", 40, name="e") == []
    story.tick("2026-03-02 11:00")
    assert used(story, "2026-03-02 10:00", 40, name="e") == []
    story.tick("2026-03-02 11:01")
    assert used(story, "2026-03-02 10:00", 40, name="e") == ["fired usage_ceiling:api_calls@nurture"]


def test_8_the_same_id_from_another_source_is_another_event(tell: Tell) -> None:
    """An id is unique per source."""
    story = begin(tell)
    used(story, "2026-03-02 10:00", 40, name="e")
    told = story.happens("2026-03-02 10:00", "usage.recorded", name="e", source="web", metric="api_calls", quantity=40)
    assert told == ["fired usage_ceiling:api_calls@nurture"]


def test_8_the_same_id_of_another_type_is_a_repeat(tell: Tell) -> None:
    """The first counts, whatever the type of the second."""
    story = begin(tell)
    story.happens("2026-03-02 10:00", "session.started", name="e", user="u1")
    assert used(story, "2026-03-02 10:00", 96, name="e") == []


def test_35_every_midnight_is_passed_before_the_record_is_folded(tell: Tell) -> None:
    """A jump of three days: the trigger ends at the first midnight, and the record that jumped fires anew.

    ::

        Mar 2  10:00  19 of 20 active   fired      (window 1 day)
        Mar 3  00:00  stands (the day ended on 95 %)    Mar 4  00:00  resolved (0 %)
        Mar 5  10:00  19 of 20 active   fired at the 19th session
    """
    story = tell({"rules.seat_saturation.active_days": 1})
    story.ready("2026-03-01 09:00", seats=20)
    users = [f"u{number}" for number in range(19)]
    story.active("2026-03-02 10:00", *users)
    assert story.active("2026-03-05 10:00", *users) == [
        "resolved seat_saturation:active",
        "fired seat_saturation:active",
    ]
    assert story.told[-2].occurred_at == instant("2026-03-04")
    assert story.told[-1].occurred_at == instant("2026-03-05 10:00")


def test_35_windows_are_looked_at_with_the_day_that_begins(tell: Tell) -> None:
    """Billing day 5: at midnight of the 5th a reading of the new period stands at 0, so nothing fires anew."""
    story = begin(tell, billing_anchor=5)
    used(story, "2026-03-04 10:00", 96)
    assert story.tick("2026-03-05 00:00") == ["resolved usage_ceiling:api_calls@executive"]
    assert story.tick("2026-03-06 00:00") == []


def test_35_a_tick_within_the_day_looks_at_nothing(tell: Tell) -> None:
    """Only the first tick of a day is a change of day."""
    story = begin(tell)
    used(story, "2026-03-02 10:00", 96)
    for hour in range(11, 15):
        assert story.tick(f"2026-03-02 {hour}:00") == []


def test_47_ticks_only_go_forward(tell: Tell) -> None:
    """A tick of yesterday moves neither day nor clock."""
    story = begin(tell)
    story.tick("2026-03-02 12:00")
    assert story.tick("2026-03-01 00:00") == []
    used(story, "2026-03-02 08:00", 96)
    assert story.told[-1].occurred_at == instant("2026-03-02 12:00")


def test_37_packing_never_changes_a_trigger(tell: Tell) -> None:
    """Three crossings in one record fire three levels, each by its own line."""
    story = begin(tell)
    lines = [
        story.line("2026-03-02 10:00", "usage.recorded", metric="api_calls", quantity=quantity)
        for quantity in (70, 11, 4)
    ]
    assert story.fold(*lines) == [f"fired usage_ceiling:api_calls@{name}" for name in ("nurture", "outreach", "owner")]
    assert [one.decided_by for one in story.told] == ["app/e3", "app/e4", "app/e5"]


def test_37_a_bad_line_never_sinks_its_neighbours(tell: Tell) -> None:
    """Rubbish, an unknown type and a negative quantity between two good lines."""
    story = begin(tell)
    told = story.fold(
        story.line("2026-03-02 10:00", "usage.recorded", metric="api_calls", quantity=35),
        b"{rubbish",
        b"",
        story.line("2026-03-02 10:00", "usage.melted", metric="api_calls", quantity=35),
        story.line("2026-03-02 10:00", "usage.recorded", metric="api_calls", quantity=-1),
        story.line("2026-03-02 10:00", "usage.recorded", metric="api_calls", quantity="35.0"),
    )
    assert told == ["fired usage_ceiling:api_calls@nurture"]


@pytest.mark.parametrize(("day", "fires"), [("2025-01-25", True), ("2025-01-24", False)])
def test_39_the_horizon_of_400_days(tell: Tell, day: str, fires: bool) -> None:
    """On 2026-03-01 a report of 2025-01-25 is 400 days old and counts; one of the day before is too old."""
    story = begin(tell, limits={"storage_gb": 100})
    told = story.happens(f"{day} 10:00", "usage.reported", metric="storage_gb", level=96)
    assert bool(told) is fires


def test_39_an_account_is_not_born_by_a_line_that_is_too_old(tell: Tell) -> None:
    """A session of two years ago, and the same again; the account begins with the event of today."""
    story = tell()
    story.tick("2026-03-01 08:00")
    assert story.happens("2024-03-01 09:00", "session.started", user="u1") == []
    assert story.subject.explain("acme") is None
    story.ready("2026-03-01 09:00", seats=1)
    assert story.explain().components["usage"] == 0


def test_39_what_has_aged_out_of_every_window_counts_no_more(tell: Tell) -> None:
    """Tickets, answers, features and sums of two years ago; the events themselves are never asked for again."""
    story = tell()
    story.ready("2024-01-01 09:00", seats=1, plan="Starter", limits={"api_calls": 100})
    story.happens("2024-01-02 09:00", "ticket.opened", ticket_id="t1")
    story.happens("2024-01-02 09:00", "survey.answered", survey="csat", score=1)
    story.happens("2024-01-02 09:00", "feature.blocked", feature="sso")
    used(story, "2024-01-02 09:00", 96)
    story.tick("2025-07-03 00:00")
    story.happens("2025-07-03 10:00", "session.started", user="u2")
    known = story.explain()
    assert known.components == {"usage": 100, "support": 100}
    assert known.active == ("seat_saturation",)


def test_39_a_fact_is_never_too_old(tell: Tell) -> None:
    """Users provisioned two years ago are assigned."""
    story = tell()
    story.ready("2026-03-01 09:00", seats=1)
    assert story.happens("2024-01-01 10:00", "user.provisioned", user="u1") == ["held seat_saturation:assigned"]


def test_39_what_has_been_folded_is_not_forgotten_by_ageing(tell: Tell) -> None:
    """A gauge read 500 days ago is still its level: the limit that comes now is passed."""
    story = tell()
    story.ready("2024-09-01 09:00")
    story.happens("2024-10-01 10:00", "usage.reported", metric="storage_gb", level=96)
    story.tick("2026-02-14 00:00")
    assert story.facts("2026-02-14 10:00", limits={"storage_gb": 100}) == ["held usage_ceiling:storage_gb@executive"]


def test_63_backfill_holds_and_the_next_record_after_it_releases(tell: Tell) -> None:
    """What stands at hand-over is released by the next line, what does not is not."""
    story = tell()
    story.backfill("2026-03-01 00:00", "begin")
    story.ready("2026-03-01 09:00", limits={"api_calls": 100, "storage_gb": 100})
    assert used(story, "2026-03-02 10:00", 96) == ["held usage_ceiling:api_calls@executive"]
    assert story.told[-1].held_because == ("backfill",)
    story.happens("2026-03-02 11:00", "usage.reported", metric="storage_gb", level=96)
    story.happens("2026-03-02 12:00", "usage.reported", metric="storage_gb", level=93)
    assert story.backfill("2026-03-02 13:00", "end") == []
    assert story.happens("2026-03-02 14:00", "session.started", user="u1") == [
        "released usage_ceiling:api_calls@executive"
    ]


def test_63_after_backfill_the_gate_must_be_passed_as_well(tell: Tell) -> None:
    """The history held for two reasons; one is left."""
    story = tell()
    story.backfill("2026-03-01 00:00", "begin")
    story.facts("2026-03-01 09:00", limits={"api_calls": 100})
    used(story, "2026-03-02 10:00", 96)
    assert story.told[-1].held_because == ("backfill", "core_features")
    story.backfill("2026-03-02 13:00", "end")
    assert story.tick("2026-03-03 00:00") == []
    assert story.happens("2026-03-03 10:00", "feature.used", feature="reports") == [
        "released usage_ceiling:api_calls@executive"
    ]


def test_73_backfill_is_refused_once_a_live_tick_was_written(tell: Tell) -> None:
    """After a live tick the log is live for good; ticks of history do not count."""
    story = tell()
    story.tick("2026-03-01 00:00", live=False)
    story.backfill("2026-03-01 00:00", "begin")
    story.backfill("2026-03-01 00:01", "end")
    story.tick("2026-03-01 00:02")
    story.backfill("2026-03-01 00:03", "begin")
    story.ready("2026-03-01 09:00", limits={"api_calls": 100})
    assert used(story, "2026-03-02 10:00", 96) == ["fired usage_ceiling:api_calls@executive"]


def test_3_of_two_facts_at_the_same_instant_the_greater_source_and_id_wins(tell: Tell) -> None:
    """Both orders of arrival give the limit of `b/1`."""
    story = tell()
    story.ready("2026-03-01 09:00")
    story.happens("2026-03-01 10:00", "account.updated", source="b", name="1", limits={"api_calls": 100})
    story.happens("2026-03-01 10:00", "account.updated", source="a", name="9", limits={"api_calls": 1000})
    assert used(story, "2026-03-02 10:00", 70) == ["fired usage_ceiling:api_calls@nurture"]


def test_misplaced_events_are_not_folded(tell: Tell) -> None:
    """With one partition nothing is misplaced; the murmur2 of every account is its partition."""
    assert partition_for("acme", 1) == 0
    story = begin(tell)
    assert story.fold(event("session.started", "other", "2026-03-02 10:00", "x", user="u")) == []
