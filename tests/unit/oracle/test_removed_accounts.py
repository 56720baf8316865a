"""A removed account: what is open ends, and what comes later is a new account's."""

from tests.oracle.beginnings import Tell
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, only

BOTH = WIDE_OPEN | only("qbr_outcome", "seat_saturation")
NEEDS = {"unmet_needs": ["offline mode"]}


def remove(story: Story, when: str, account: str = "acme") -> list[str]:
    """Write that an operator has removed an account."""
    return story.fold(control("account_removed", when, account_id=account))


def begun(tell: Tell) -> Story:
    """Tell of an account whose seats are full and whose review named a need."""
    story = tell(BOTH)
    story.ready("2026-03-01 09:00", seats=1)
    assert story.active("2026-03-01 10:00", "ada") == ["fired seat_saturation:active"]
    assert story.happens("2026-03-01 11:00", "qbr.held", name="review", **NEEDS) == ["fired qbr_outcome"]
    return story


def test_what_is_open_ends_at_the_accounts_clock(tell: Tell) -> None:
    """By the ids with which it fired; the account is not there any more."""
    story = begun(tell)
    fired = [one.trigger_id for one in story.told[-2:]]
    story.tick("2026-03-01 12:00")
    assert remove(story, "2026-03-05 00:00") == ["resolved seat_saturation:active", "resolved qbr_outcome"]
    assert [one.trigger_id for one in story.told[-2:]] == fired
    assert len({one.occurred_at for one in story.told[-2:]}) == 1
    assert story.subject.explain("acme") is None


def test_what_comes_later_is_a_new_accounts(tell: Tell) -> None:
    """No fact, no use, no open trigger of before; the same event once more counts once more."""
    story = begun(tell)
    remove(story, "2026-03-01 12:00")
    assert story.happens("2026-03-01 11:00", "qbr.held", name="review", **NEEDS) == ["held qbr_outcome"]
    assert story.told[-1].held_because
    story.facts("2026-03-01 13:00", seats=2)
    assert story.happens("2026-03-01 13:00", "feature.used", feature="dashboards") == []
    assert story.active("2026-03-01 13:00", "bob") == ["released qbr_outcome"]
    assert story.active("2026-03-01 14:00", "eve") == ["fired seat_saturation:active"]


def test_another_account_and_one_that_is_not_there_are_left_alone(tell: Tell) -> None:
    """The second removal says nothing."""
    story = begun(tell)
    assert remove(story, "2026-03-01 12:00", "globex") == []
    assert story.explain().active == ("qbr_outcome", "seat_saturation")
    remove(story, "2026-03-01 12:00")
    assert remove(story, "2026-03-01 12:00") == []
