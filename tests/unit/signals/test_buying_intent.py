"""`buying_intent` in the engine: requests, different viewers of prices, webinars, each within 30 days."""

import pytest

from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

ONE = playbook(WIDE_OPEN | only("buying_intent"))
FIRED, OVER = ["fired buying_intent"], ["resolved buying_intent"]


def begin() -> Story:
    """Begin an account whose gate is open."""
    story = Story(EngineSubject([ONE]))
    story.ready("2026-01-01 09:00")
    return story


def viewed(story: Story, when: str, user: str | None = None) -> list[str]:
    """Let somebody view prices."""
    return story.happens(when, "pricing.viewed", user=user)


def shown(story: Story) -> str:
    """Return what the latest snapshot says."""
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    (value,) = [row for row in subject.snapshots["acme"].rules if row.rule == "buying_intent"]
    return value.evidence.summary


def test_two_signals_of_any_sort_fire() -> None:
    """One request and one webinar; a reply is no webinar."""
    story = begin()
    assert story.happens("2026-01-02 10:00", "capability.requested", feature="sso") == []
    assert story.happens("2026-01-02 11:00", "engagement.recorded", kind="reply") == []
    assert story.happens("2026-01-02 12:00", "engagement.recorded", kind="webinar") == FIRED
    assert shown(story) == "1 request, 0 viewers of prices and 1 webinar in 30 days (≥ 2)"


def test_a_request_counts_each_time_a_viewer_once() -> None:
    """The same person twice is one; two unknown are one; another person is another."""
    story = begin()
    assert viewed(story, "2026-01-02 10:00", "ann") == []
    assert viewed(story, "2026-01-03 10:00", "ann") == []
    assert viewed(story, "2026-01-03 11:00", "bob") == FIRED
    story = begin()
    assert viewed(story, "2026-01-02 10:00") == []
    assert viewed(story, "2026-01-03 10:00") == []
    assert viewed(story, "2026-01-01 10:00") == []
    assert viewed(story, "2026-01-03 11:00", "bob") == FIRED


@pytest.mark.parametrize(("day", "fires"), [("2026-01-31", True), ("2026-02-01", False)])
def test_a_signal_counts_on_its_day_and_the_29_after(day: str, fires: bool) -> None:
    """A view of January 2 is in the window of the 31st, not in that of February 1."""
    story = begin()
    viewed(story, "2026-01-02 10:00", "ann")
    story.tick(f"{day} 00:00")
    assert viewed(story, f"{day} 10:00") == (FIRED if fires else [])


def test_it_ends_when_the_days_have_passed() -> None:
    """Two of January 2: over at the beginning of February 2, on the value of February 1."""
    story = begin()
    viewed(story, "2026-01-02 10:00", "ann")
    assert story.happens("2026-01-03 10:00", "capability.requested") == FIRED
    assert story.tick("2026-02-01 00:00") == []
    assert story.tick("2026-02-02 00:00") == OVER
    assert story.told[-1].value == 1


def test_a_late_view_counts_in_todays_window_only() -> None:
    """One of before the window brings nobody into it; one within does."""
    story = begin()
    story.tick("2026-03-01 00:00")
    viewed(story, "2026-03-01 10:00", "ann")
    assert viewed(story, "2026-01-30 10:00", "bob") == []
    assert viewed(story, "2026-01-31 10:00", "bob") == FIRED


def test_the_views_of_who_is_erased_go_and_those_after_are_a_new_persons() -> None:
    """Also when the erasure arrives late; at the same instant the view comes after it."""
    story = begin()
    viewed(story, "2026-01-02 10:00", "ann")
    story.happens("2026-01-02 11:00", "user.erased", user="ann")
    assert viewed(story, "2026-01-02 12:00", "bob") == []
    assert viewed(story, "2026-01-02 10:30", "ann") == []
    assert viewed(story, "2026-01-02 11:00", "ann") == FIRED
    story.happens("2026-01-02 11:30", "user.erased", user="bob")
    assert shown(story).startswith("0 requests, 2 viewers")
    story.happens("2026-01-02 13:00", "user.erased", user="bob")
    assert shown(story).startswith("0 requests, 1 viewer of")


def test_a_departure_leaves_the_views() -> None:
    """Only erasure takes them away."""
    story = begin()
    viewed(story, "2026-01-02 10:00", "ann")
    story.happens("2026-01-02 11:00", "user.deactivated", user="ann")
    assert viewed(story, "2026-01-02 12:00", "bob") == FIRED


def test_what_is_counted_survives_a_restart_and_is_forgotten_after_the_horizon() -> None:
    """Requests, webinars, viewers known and unknown; after 401 days the days are pruned."""
    story = begin()
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    story.happens("2026-01-02 10:00", "capability.requested")
    story.happens("2026-01-02 10:00", "engagement.recorded", kind="webinar")
    viewed(story, "2026-01-02 10:00", "ann")
    viewed(story, "2026-01-02 10:00")
    subject.flush()
    subject.restart()
    story.active("2026-01-02 11:00", "ann")
    story.facts("2026-01-02 11:00", seats=3)
    assert shown(story) == "1 request, 2 viewers of prices and 1 webinar in 30 days (≥ 2)"
    story.tick("2027-04-04 00:00")  # forgetting is done every sixteen days
    people = subject.engine.state.shelf.accounts["acme"].days.people
    assert (people.requests, people.webinars) == ({}, {})
