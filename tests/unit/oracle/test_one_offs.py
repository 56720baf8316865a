"""Definitions 16, 32, 34, 38, 63, 66, 74: happenings that are an episode each, by the example of QBRs."""

import pytest

from shared.kernel.ids import trigger_id
from tests.oracle.beginnings import Tell, begin
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, playbook

FIRED, HELD, RESOLVED = ["fired qbr_outcome"], ["held qbr_outcome"], ["resolved qbr_outcome"]


def review(story: Story, when: str, *needs: str, name: str | None = None) -> list[str]:
    """Hold a QBR with unmet needs."""
    return story.happens(when, "qbr.held", name=name, unmet_needs=list(needs))


@pytest.mark.parametrize(
    ("needs", "value"),
    [
        (["Custom roles"], 1),
        (["  CUSTOM Roles "], 1),
        (["custom roles", "Custom roles", "Offline mode", "a pony"], 2),
        (["a pony"], 0),
        (["Custom role"], 0),
        ([], 0),
    ],
)
def test_16_a_qbr_fires_once_for_the_needs_on_the_roadmap(tell: Tell, needs: list[str], value: int) -> None:
    """Without regard to case and outer blanks; scope null, the number of different needs as the value."""
    story = begin(tell)
    assert review(story, "2026-01-02 10:00", *needs, name="q") == (FIRED if value else [])
    if value:
        told = story.told[-1]
        assert (told.value, told.threshold, told.comparison, told.scope) == (value, 1, ">=", None)
        assert told.trigger_id == trigger_id("acme", "qbr_outcome", None, None, "app/q")


def test_16_each_is_an_episode(tell: Tell) -> None:
    """Two reviews on two days fire, and each is resolved by itself."""
    story = begin(tell)
    assert review(story, "2026-01-02 10:00", "Custom roles") == FIRED
    assert review(story, "2026-01-03 10:00", "Custom roles") == FIRED
    assert story.tick("2026-02-01 00:00") == RESOLVED
    assert story.tick("2026-02-02 00:00") == RESOLVED
    assert len({one.trigger_id for one in story.told}) == 2


def test_16_it_stands_on_its_day_and_the_29_after_it(tell: Tell) -> None:
    """The review of January 2 stands on January 31, and is resolved when February begins."""
    story = begin(tell)
    review(story, "2026-01-02 10:00", "Custom roles")
    assert story.tick("2026-01-31 00:00") == []
    assert story.explain().active == ("qbr_outcome",)
    assert story.tick("2026-02-01 00:00") == RESOLVED


def test_16_one_that_arrives_later_than_that_does_not_fire(tell: Tell) -> None:
    """On January 31 the review of the 2nd still fires, and is over the day after; that of the 1st does not."""
    story = begin(tell)
    story.tick("2026-01-31 08:00")
    assert review(story, "2026-01-01 23:59", "Custom roles") == []
    assert review(story, "2026-01-02 00:00", "Custom roles") == FIRED
    assert story.tick("2026-02-01 00:00") == RESOLVED


def test_34_a_held_one_is_released_while_it_stands(tell: Tell) -> None:
    """The gate opens two days later; both reviews come out, with the needs they had."""
    story = tell()
    story.facts("2026-01-01 09:00")
    assert review(story, "2026-01-02 10:00", "Custom roles") == HELD
    assert review(story, "2026-01-02 11:00", "Custom roles", "Offline mode") == HELD
    assert story.happens("2026-01-04 10:00", "feature.used", feature="dashboards") == ["released qbr_outcome"] * 2
    assert [one.value for one in story.told[2:]] == [1, 2]


def test_16_a_held_one_that_has_stood_its_days_is_resolved(tell: Tell) -> None:
    """When the gate opens a month later nobody hears of it."""
    story = tell()
    story.facts("2026-01-01 09:00")
    assert review(story, "2026-01-02 10:00", "Custom roles") == HELD
    assert story.happens("2026-02-04 10:00", "feature.used", feature="dashboards") == RESOLVED


def test_63_of_history_only_what_still_stands_is_released(tell: Tell) -> None:
    """Two reviews of the past, one of them 30 days old at hand-over."""
    story = tell()
    story.backfill("2026-01-01 00:00", "begin")
    story.ready("2026-01-01 09:00")
    assert review(story, "2026-01-02 10:00", "Custom roles", name="old") == HELD
    assert review(story, "2026-01-20 10:00", "Custom roles", name="new") == HELD
    assert story.tick("2026-02-01 00:00", live=False) == RESOLVED
    story.backfill("2026-02-01 00:00", "end")
    assert story.happens("2026-02-01 10:00", "session.started", user="u") == ["released qbr_outcome"]
    assert story.told[-1].decided_by == "app/new"


def test_32_churn_ends_it_at_once_and_it_does_not_fire_anew(tell: Tell) -> None:
    """The one exception: it ends at the record, and coming back brings back states only."""
    story = begin(tell)
    review(story, "2026-01-02 10:00", "Custom roles")
    assert story.facts("2026-01-03 10:00", status="churned") == RESOLVED
    assert review(story, "2026-01-03 11:00", "Custom roles") == []
    assert story.facts("2026-01-04 10:00", status="active") == []
    assert story.tick("2026-01-05 00:00") == []


def test_7_the_turn_of_the_contract_does_not_end_it(tell: Tell) -> None:
    """It ends the triggers of state rules."""
    story = begin(tell, renews_on="2026-02-20")
    story.happens("2026-01-02 09:00", "renewal.completed")
    assert review(story, "2026-02-10 10:00", "Custom roles") == FIRED
    assert story.tick("2026-02-21 00:00") == []


def test_66_a_longer_roadmap_makes_no_past_review_fire(tell: Tell) -> None:
    """One-offs are not looked at when the day changes; the next review is judged by the new list."""
    later = playbook(WIDE_OPEN | {"version": "second", "roadmap": ["A pony"], "rules.qbr_outcome.stands_days": 3})
    story = tell(None, later)
    story.ready("2026-01-01 09:00")
    assert review(story, "2026-01-02 10:00", "a pony") == []
    assert review(story, "2026-01-02 11:00", "custom roles") == FIRED
    story.judge_by("2026-01-03 10:00", later)
    assert story.tick("2026-01-04 00:00") == []
    assert review(story, "2026-01-04 10:00", "a pony") == FIRED
    assert story.tick("2026-01-07 00:00") == RESOLVED
    assert story.tick("2026-02-01 00:00") == RESOLVED


def test_74_switching_the_rule_off_ends_it_at_the_change_of_day(tell: Tell) -> None:
    """And nothing fires or is released while it is off."""
    story = tell()
    story.facts("2026-01-01 09:00")
    assert review(story, "2026-01-02 10:00", "Custom roles") == HELD
    story.switch("2026-01-02 11:00", "qbr_outcome", enabled=False)
    assert story.happens("2026-01-02 12:00", "feature.used", feature="dashboards") == []
    assert review(story, "2026-01-02 13:00", "Custom roles") == []
    assert story.tick("2026-01-03 00:00") == RESOLVED


def test_8_the_same_review_told_again_after_an_hour_is_not_a_second_one(tell: Tell) -> None:
    """While its trigger is open there is nothing to add."""
    story = begin(tell)
    assert review(story, "2026-01-02 10:00", "Custom roles", name="q") == FIRED
    story.tick("2026-01-02 12:00")
    assert review(story, "2026-01-02 10:00", "Custom roles", name="q") == []
