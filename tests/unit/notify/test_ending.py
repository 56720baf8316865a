"""What the end of a lead does to the message of its key."""

from services.notify.core.card import Told
from services.notify.core.ending import Ending, end_told
from tests.support.notify import make_trigger

FIRST, SECOND = make_trigger(decided_by="app/e-1"), make_trigger(decided_by="app/e-2")


def test_an_end_that_names_all_closes_the_message() -> None:
    """Nothing is left to tell."""
    told = (Told(FIRST, 1), Told(SECOND, 2))
    assert end_told(told, (FIRST.trigger_id, SECOND.trigger_id)) == Ending(closes=True)


def test_what_an_end_does_not_name_is_left() -> None:
    """Unless it has ended by itself."""
    assert end_told((Told(FIRST, 1), Told(SECOND, 2)), (FIRST.trigger_id,)) == Ending(closes=True, left=(SECOND,))
    assert end_told((Told(FIRST, 1), Told(SECOND, 2, 3)), (FIRST.trigger_id,)) == Ending(closes=True)


def test_an_end_leaves_a_message_alone_that_tells_of_none_of_its_triggers() -> None:
    """It is of another lead; so is every message for a lead entered by hand."""
    assert end_told((Told(SECOND, 2),), (FIRST.trigger_id,)) == Ending(closes=False)
    assert end_told((Told(SECOND, 2),), ()) == Ending(closes=False)
