"""Definitions 2, 13, 50, 67, 77: who is active, who has a seat, and who has gone."""

import pytest

from tests.oracle.beginnings import Tell, begin, used


def test_2_what_is_activity(tell: Tell) -> None:
    """Of six acts only three make their user active; an act of nobody makes nobody active."""
    story = begin(tell, seats=3)
    story.happens("2026-01-02 10:00", "feature.blocked", user="a", feature="x")
    story.happens("2026-01-02 10:00", "survey.answered", user="b", survey="nps", score=9)
    story.happens("2026-01-02 10:00", "ticket.opened", user="c", ticket_id="t")
    story.happens("2026-01-02 10:00", "session.started")
    story.happens("2026-01-02 10:00", "session.started", user="d")
    story.happens("2026-01-02 10:00", "feature.used", user="e", feature="x")
    assert used(story, "2026-01-02 10:00", 1) == []
    assert story.happens("2026-01-02 10:00", "usage.recorded", user="f", metric="m", quantity=1) == [
        "fired seat_saturation:active"
    ]


def test_13_activity_before_a_deactivation_does_not_count_and_after_it_does(tell: Tell) -> None:
    """Two seats, two users; one leaves, and comes back without provisioning.

    ::

        Jan 2  10:00  a, b active     fired (2 of 2)
        Jan 2  12:00  b deactivated
        Jan 3  00:00                  resolved (50 %)
        Jan 2  11:00  b, late         -  (before the cut)
        Jan 2  12:00  b, late         fired (at the cut: facts come first)
    """
    story = begin(tell, seats=2)
    assert story.active("2026-01-02 10:00", "a", "b") == ["fired seat_saturation:active"]
    story.happens("2026-01-02 12:00", "user.deactivated", user="b")
    assert story.tick("2026-01-03 00:00") == ["resolved seat_saturation:active"]
    assert story.active("2026-01-02 11:00", "b") == []
    assert story.active("2026-01-02 12:00", "b") == ["fired seat_saturation:active"]


def test_13_a_late_deactivation_cuts_what_lies_before_it(tell: Tell) -> None:
    """B was active at 10:00 and 14:00; a deactivation of 12:00 that arrives last leaves the 14:00."""
    story = begin(tell, seats=2)
    story.active("2026-01-02 10:00", "b")
    story.active("2026-01-02 14:00", "b")
    story.happens("2026-01-02 12:00", "user.deactivated", user="b")
    assert story.active("2026-01-02 15:00", "a") == ["fired seat_saturation:active"]


def test_50_both_scopes_may_fire_and_assigned_is_silent_until_somebody_was_provisioned(tell: Tell) -> None:
    """Nine of ten assigned is 90 %: met; nine of ten active is not above 90 %."""
    story = begin(tell, seats=10)
    users = [f"u{number}" for number in range(10)]
    story.active("2026-01-02 09:00", users[0])
    for user in users[:8]:
        assert story.happens("2026-01-02 10:00", "user.provisioned", user=user) == []
    assert story.happens("2026-01-02 10:00", "user.provisioned", user="u8") == ["fired seat_saturation:assigned"]
    assert story.active("2026-01-02 11:00", *users[:9]) == []
    assert story.active("2026-01-02 11:00", "u9") == ["fired seat_saturation:active"]


@pytest.mark.parametrize("seats", [None, 0])
def test_50_without_seats_there_is_no_share(tell: Tell, seats: int | None) -> None:
    """Rules are silent."""
    story = begin(tell, seats=seats)
    assert story.happens("2026-01-02 10:00", "user.provisioned", user="u1") == []
    assert story.active("2026-01-02 10:00", "u1") == []


def test_77_provisioned_since_the_latest_cut(tell: Tell) -> None:
    """Provisioned at 10:00, deactivated at 12:00: a late identify of 11:00 gives no seat, one of 13:00 does."""
    story = begin(tell, seats=1)
    story.happens("2026-01-02 10:00", "user.provisioned", user="u1")
    story.happens("2026-01-02 12:00", "user.deactivated", user="u1")
    assert story.tick("2026-01-03 00:00") == ["resolved seat_saturation:assigned"]
    assert story.happens("2026-01-02 11:00", "user.provisioned", user="u1") == []
    assert story.happens("2026-01-02 13:00", "user.provisioned", user="u1") == ["held seat_saturation:assigned"]


def test_77_a_late_deactivation_from_before_the_provisioning_takes_nothing(tell: Tell) -> None:
    """Provisioned at 14:00; a deactivation of 12:00 arrives after it."""
    story = begin(tell, seats=1)
    assert story.happens("2026-01-02 14:00", "user.provisioned", user="u1") == ["held seat_saturation:assigned"]
    story.happens("2026-01-02 12:00", "user.deactivated", user="u1")
    assert story.tick("2026-01-03 00:00") == []


def test_67_an_erased_user_is_in_no_distinct_count_but_sums_stay(tell: Tell) -> None:
    """Sixty calls of the erased user still count; the seat is free; activity later is a new person's."""
    story = begin(tell, seats=1, limits={"api_calls": 100})
    story.happens("2026-01-02 10:00", "user.provisioned", user="u1")
    told = story.happens("2026-01-02 10:00", "usage.recorded", user="u1", metric="api_calls", quantity=60)
    assert told == ["fired seat_saturation:active", "released seat_saturation:assigned"]
    assert story.happens("2026-01-02 12:00", "user.erased", user="u1") == []
    assert sorted(story.tick("2026-01-03 00:00")) == [
        "resolved seat_saturation:active",
        "resolved seat_saturation:assigned",
    ]
    assert story.active("2026-01-03 11:00", "u1") == ["fired seat_saturation:active"]
    assert used(story, "2026-01-03 12:00", 10) == ["fired usage_ceiling:api_calls@nurture"]


@pytest.mark.parametrize("kind", ["user.provisioned", "user.deactivated", "user.erased"])
def test_13_what_happens_to_a_user_without_a_name_happens_to_nobody(tell: Tell, kind: str) -> None:
    """It changes no count, and gives nobody a seat."""
    story = begin(tell, seats=1)
    assert story.happens("2026-01-02 10:00", kind) == []
    assert story.active("2026-01-02 11:00", "u1") == ["fired seat_saturation:active"]
    assert story.happens("2026-01-02 12:00", kind) == []
    assert story.tick("2026-01-03 00:00") == []
