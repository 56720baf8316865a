"""What waits for health to rise is looked at exactly when activity brings it there, and not before."""

from typing import Any

from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

GATE = WIDE_OPEN["gate.smb"]
assert isinstance(GATE, dict)
WAITING = playbook(WIDE_OPEN | only("qbr_outcome") | {"gate.smb": GATE | {"health_score": 75}})
SIGHT = playbook(WIDE_OPEN | only("contract_milestone"))


def begin(book: Any = WAITING, **facts: object) -> tuple[EngineSubject, Story]:
    """Begin with an account that is ready but for its health."""
    subject = EngineSubject([book])
    story = Story(subject)
    story.ready("2026-03-01 09:00", **facts)
    return subject, story


def account_of(subject: EngineSubject) -> Any:
    """Return the account in the engine's memory."""
    return subject.engine.state.shelf.accounts["acme"]


def test_what_is_held_is_released_by_the_user_who_brings_health_to_the_gate() -> None:
    """Engagement of 40 points, share of eight users full at 100: seven of eight are enough, and looked at as due."""
    subject, story = begin(seats=10)
    assert story.happens("2026-03-02 08:00", "qbr.held", unmet_needs=["Custom roles"]) == ["held qbr_outcome"]
    assert story.active("2026-03-02 10:00", *"abcdef") == []
    assert not account_of(subject).unsettled
    assert story.active("2026-03-02 11:00", "g") == ["released qbr_outcome"]


def test_what_is_held_is_released_by_the_quantity_that_brings_health_to_the_gate() -> None:
    """60 points of engagement weigh 15, use weighs 30: it must reach 82.5, so 113 after 100."""
    subject, story = begin()
    story.happens("2026-01-20 10:00", "usage.recorded", metric="calls", quantity=100)
    story.tick("2026-03-02 00:00")
    assert story.happens("2026-03-02 08:00", "qbr.held", unmet_needs=["Custom roles"]) == ["held qbr_outcome"]
    calls = account_of(subject).metrics["calls"]
    assert calls.watch - calls.total == 113_000_000
    assert story.happens("2026-03-02 10:00", "usage.recorded", metric="calls", quantity="112.999999") == []
    assert story.happens("2026-03-02 11:00", "usage.recorded", metric="calls", quantity="0.000001") == [
        "released qbr_outcome"
    ]


def test_a_late_quantity_of_the_earlier_window_is_looked_at() -> None:
    """There was no use to compare with; now there is, and this month has twice as much."""
    subject, story = begin()
    story.happens("2026-03-02 07:00", "usage.recorded", metric="calls", quantity=100)
    story.tick("2026-03-03 00:00")
    assert story.happens("2026-03-03 08:00", "qbr.held", unmet_needs=["Custom roles"]) == ["held qbr_outcome"]
    assert account_of(subject).wanted is not None
    assert story.happens("2026-01-20 10:00", "usage.recorded", metric="calls", quantity=50) == ["released qbr_outcome"]


def test_what_activity_alone_cannot_reach_is_not_watched() -> None:
    """A health of 0 by hand."""
    subject, story = begin(health_score=0, seats=10)
    story.active("2026-03-02 07:00", "a")
    story.happens("2026-03-02 08:00", "qbr.held", unmet_needs=["Custom roles"])
    account = account_of(subject)
    assert (account.wanted, account.watch_health > 1_000_000) == (75, True)


def test_green_is_seen_when_the_renewal_is_in_sight() -> None:
    """Three of four users are 93.75 %; two would be 62.5 %."""
    _, story = begin(SIGHT, seats=4, renews_on="2026-04-15")
    assert story.active("2026-03-02 10:00", "a", "b") == []
    assert story.active("2026-03-02 11:00", "c") == ["fired contract_milestone"]


def test_at_the_hand_over_what_is_held_is_released_at_the_next_record_whatever_it_is() -> None:
    """Risk and expansion alike, whether the account was in memory or not."""
    book = playbook(WIDE_OPEN | only("qbr_outcome", "champion_left"))
    for restarts in (False, True):
        subject = EngineSubject([book])
        story = Story(subject)
        story.backfill("2026-03-01 08:00", "begin")
        story.ready("2026-03-01 09:00")
        story.happens("2026-03-01 10:00", "qbr.held", unmet_needs=["Custom roles"])
        story.happens("2026-03-01 11:00", "champion.changed", change="left")
        assert [(one.record, one.held_because) for one in story.told] == [("held", ("backfill",))] * 2
        story.backfill("2026-03-01 12:00", "end")
        if restarts:
            subject.flush()
            subject.restart()
        told = story.happens("2026-03-01 13:00", "session.started")
        assert told == ["released champion_left", "released qbr_outcome"]
        assert story.happens("2026-03-01 13:01", "session.started") == []
        assert not account_of(subject).unsettled
