"""One open message for each (account, play)."""

import pytest

from services.notify.core.group import Message, advance, ends_lead, urgency_of
from services.notify.core.words import Why
from shared.kernel.csql_changes import CsqlChange

OPEN = Message(2, frozenset({"a"}))


def test_the_first_trigger_opens_a_message() -> None:
    """Fired or released, the first one is told."""
    assert advance(None, "fired", "a", None) == (OPEN, Why.FIRED)
    assert advance(None, "released", "a", None) == (OPEN, Why.RELEASED)


def test_a_further_trigger_joins_and_a_higher_level_climbs() -> None:
    """Only a higher urgency is told again."""
    assert advance(OPEN, "fired", "b", "outreach") == (Message(2, frozenset({"a", "b"})), Why.JOINED)
    assert advance(OPEN, "fired", "b", "nurture") == (Message(2, frozenset({"a", "b"})), Why.JOINED)
    assert advance(OPEN, "released", "b", "executive") == (Message(4, frozenset({"a", "b"})), Why.CLIMBED)


def test_a_held_trigger_changes_nothing() -> None:
    """Held triggers make no alert."""
    assert advance(OPEN, "held", "b", "executive") == (OPEN, Why.HELD)
    assert advance(None, "held", "b", None) == (None, Why.HELD)


def test_a_message_closes_with_its_last_trigger() -> None:
    """What remains keeps it open."""
    both = Message(3, frozenset({"a", "b"}))
    assert advance(both, "resolved", "b", "owner") == (Message(3, frozenset({"a"})), Why.RESOLVED)
    assert advance(OPEN, "resolved", "a", None) == (None, Why.RESOLVED)


def test_the_end_of_what_nobody_was_told_of_is_unseen() -> None:
    """A held trigger that ends has no message to change."""
    assert advance(OPEN, "resolved", "z", None) == (OPEN, Why.UNSEEN)
    assert advance(None, "resolved", "z", None) == (None, Why.UNSEEN)


@pytest.mark.parametrize(
    ("level", "urgency"),
    [("nurture", 1), (None, 2), ("outreach", 2), ("growth", 2), ("owner", 3), ("tenfold", 3), ("executive", 4)],
)
def test_levels_of_different_rules_compare(level: str | None, urgency: int) -> None:
    """The ladder is one for all rules, and an unknown level is a usual one."""
    assert urgency_of(level) == urgency
    assert urgency_of("of another playbook") == 2


@pytest.mark.parametrize(
    ("stage", "change", "ends"),
    [
        ("qualified", "moved", False),
        ("closed_won", "moved", True),
        ("closed_lost", "moved", True),
        ("disqualified", "moved", True),
        ("open", "done", True),
    ],
)
def test_a_lead_that_ends_closes_its_message(stage: str, change: str, ends: bool) -> None:
    """Won, lost, disqualified, or a task that is done."""
    values = {"change_id": "c", "change": change, "item": "csql", "item_id": "1", "account_id": "a", "play": "p"}
    assert ends_lead(CsqlChange(**values, stage=stage, at=1)) is ends  # type: ignore[arg-type]  # each is one of its literals
