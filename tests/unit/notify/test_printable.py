"""Texts that no database holds and no reader sees."""

from services.notify.core.printable import printable
from shared.kernel.triggers import Gate
from tests.support.notify import make_trigger


def test_control_characters_are_taken_out_of_all_texts() -> None:
    """In lists and mappings too; white space and letters of all languages stay."""
    gate = Gate(False, 80, 1.0, (), ("hea\x00lth",))
    odd = make_trigger(account_name="A\x00c\x1bm\x85e \u200d Zoë\n東", gate=gate, people={"c\x00sm": "an\x7fa"})
    shown = printable(odd)
    assert shown.account_name == "Acme \u200d Zoë\n東"
    assert shown.gate.held_because == ("health",)
    assert shown.people == {"csm": "ana"}


def test_what_needs_nothing_stays_as_it_is() -> None:
    """All other values do."""
    assert printable(make_trigger()) == make_trigger()


def test_what_names_a_trigger_stays_as_it_is() -> None:
    """Else the alerts of two accounts could meet."""
    shown = printable(make_trigger("ac\x00me", trigger_id="\x00"))
    assert (shown.account_id, shown.trigger_id) == ("ac\x00me", "\x00")
