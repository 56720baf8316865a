"""`dormant_users` and `low_seat_use` in the engine: seats given away that nobody uses, seats bought that few use."""

import pytest

from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

DORMANT = playbook(WIDE_OPEN | only("dormant_users"))
LOW = playbook(WIDE_OPEN | only("low_seat_use"))
FIRED, OVER = ["fired dormant_users"], ["resolved dormant_users"]


def provisioned(story: Story, when: str, *users: str) -> list[str]:
    """Give seats."""
    return story.fold(*(story.line(when, "user.provisioned", user=user) for user in users))


def begin(*users: str) -> Story:
    """Begin an account with users provisioned on January 1."""
    story = Story(EngineSubject([DORMANT]))
    story.ready("2026-01-01 09:00")
    provisioned(story, "2026-01-01 23:00", *users)
    return story


def test_users_are_dormant_from_the_fourteenth_day_after_they_were_provisioned() -> None:
    """A difference of dates: January 15, looked at when it begins, and not before."""
    story = begin(*"abc")
    assert story.tick("2026-01-14 00:00") == []
    assert story.tick("2026-01-15 00:00") == FIRED
    assert story.told[-1].value == 100


@pytest.mark.parametrize(("dormant", "fires"), [(2, False), (3, True)])
def test_three_are_needed(dormant: int, fires: bool) -> None:
    """Two of two are not enough."""
    story = begin(*"abc"[:dormant])
    assert story.tick("2026-01-15 00:00") == (FIRED if fires else [])


@pytest.mark.parametrize(("busy", "fires"), [(12, True), (13, False)])
def test_a_fifth_is_needed(busy: int, fires: bool) -> None:
    """Three of fifteen are 20 %, of sixteen they are not."""
    names = [f"busy{number}" for number in range(busy)]
    story = begin(*"abc", *names)
    story.active("2026-01-02 10:00", *names)
    assert story.tick("2026-01-15 00:00") == (FIRED if fires else [])


def test_it_ends_when_fewer_than_three_are_left_at_the_same_change_of_day() -> None:
    """One of three wakes on the 15th; on the 16th there is no value any more."""
    story = begin(*"abc")
    assert story.tick("2026-01-15 00:00") == FIRED
    assert story.active("2026-01-15 10:00", "a") == []
    assert story.tick("2026-01-16 00:00") == OVER
    assert story.told[-1].value is None


def test_it_ends_at_15_percent() -> None:
    """Three of fifteen; then of twenty, which is 15 %; then of nineteen it had been more."""
    names = [f"busy{number}" for number in range(12)]
    story = begin(*"abc", *names)
    story.active("2026-01-02 10:00", *names)
    provisioned(story, "2026-01-02 10:00", *"defg")
    provisioned(story, "2026-01-03 10:00", "h")
    story.active("2026-01-14 10:00", *"defgh")
    assert story.tick("2026-01-15 00:00") == FIRED
    assert story.tick("2026-01-16 00:00") == []
    assert story.tick("2026-01-17 00:00") == OVER
    assert story.told[-1].value == 15


def test_whoever_has_left_is_not_of_the_cohort_and_whoever_comes_back_begins_anew() -> None:
    """D acted, left, and got a new seat on the 20th: since then never active, dormant on February 3."""
    story = begin(*"abd")
    story.active("2026-01-02 10:00", "d")
    assert story.tick("2026-01-16 00:00") == []
    story.happens("2026-01-18 10:00", "user.deactivated", user="d")
    provisioned(story, "2026-01-20 10:00", "d")
    assert story.tick("2026-02-02 00:00") == []
    assert story.tick("2026-02-03 00:00") == FIRED
    story.happens("2026-02-03 10:00", "user.erased", user="d")
    assert story.tick("2026-02-04 00:00") == OVER


def test_late_word_of_activity_or_of_a_seat_counts_at_the_next_change_of_day() -> None:
    """An act of January 3 that arrives on the 20th; a seat of January 2 for a user known since the 10th."""
    story = begin(*"abc")
    assert story.tick("2026-01-15 00:00") == FIRED
    assert story.active("2026-01-03 10:00", "c") == []
    assert story.tick("2026-01-16 00:00") == OVER
    provisioned(story, "2026-01-10 10:00", "d")
    assert story.tick("2026-01-17 00:00") == []
    provisioned(story, "2026-01-03 10:00", "d")
    assert story.tick("2026-01-18 00:00") == FIRED


def test_what_is_counted_survives_a_restart() -> None:
    """The users' first seats too."""
    story = begin(*"abc")
    provisioned(story, "2026-01-10 10:00", *"abc")
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    subject.flush()
    subject.restart()
    assert story.tick("2026-01-15 00:00") == FIRED
    (shown,) = [row for row in subject.snapshots["acme"].rules if row.rule == "dormant_users"]
    assert shown.evidence.summary == ("3 of 3 users provisioned 14 days ago or more were never active = 100 % (≥ 20 %)")


def low(seats: int | None = 10, onboarded_at: str | None = "2026-01-01") -> Story:
    """Begin an account with seats."""
    story = Story(EngineSubject([LOW]))
    story.ready("2026-01-01 09:00", seats=seats, onboarded_at=onboarded_at)
    return story


def test_it_is_looked_at_from_the_31st_day_after_onboarding() -> None:
    """When February 1 begins; nobody was active."""
    story = low()
    assert story.tick("2026-01-31 00:00") == []
    assert story.tick("2026-02-01 00:00") == ["fired low_seat_use"]


@pytest.mark.parametrize(("active", "fires"), [(2, True), (3, False)])
def test_less_than_30_percent_is_low(active: int, fires: bool) -> None:
    """Of ten seats; the window is that of the 30 days that have ended."""
    story = low()
    story.active("2026-01-02 10:00", *"abc"[:active])
    assert story.tick("2026-02-01 00:00") == (["fired low_seat_use"] if fires else [])


def test_the_window_ends_on_the_day_that_has_ended() -> None:
    """Of January 2 until February 1; what February 2 brings does not count when it begins."""
    story = low()
    story.active("2026-01-02 10:00", *"abc")
    assert story.tick("2026-02-01 00:00") == []
    assert story.active("2026-02-02 10:00", *"def") == ["fired low_seat_use"]
    assert story.tick("2026-02-03 00:00") == []


def test_it_ends_at_35_percent() -> None:
    """Of twenty seats: six are 30 %, seven are 35 %."""
    story = low(seats=20)
    assert story.tick("2026-02-01 00:00") == ["fired low_seat_use"]
    story.active("2026-02-01 10:00", *"abcdef")
    assert story.tick("2026-02-02 00:00") == []
    story.active("2026-02-02 10:00", "g")
    assert story.tick("2026-02-03 00:00") == ["resolved low_seat_use"]
    assert (story.told[-1].value, story.told[-1].comparison) == (35, "<")


@pytest.mark.parametrize("missing", ["seats", "onboarded_at"])
def test_without_seats_or_onboarding_it_is_never_measured(missing: str) -> None:
    """Zero seats are none."""
    story = low(seats=0) if missing == "seats" else low(onboarded_at=None)
    assert story.tick("2026-03-01 00:00") == []
