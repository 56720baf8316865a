"""What an alert says of the offer and of the hand-off, and what is not about growth does without."""

import msgspec
import pytest

from services.notify.core.card import Card, Subject, Told, make_card
from shared.kernel.triggers import Handoff, Recommendation, Trigger
from tests.support.notify import NOW_MS, make_trigger


def card(trigger: Trigger) -> Card:
    """Return the card of a message that tells of a trigger."""
    return make_card(Subject((Told(trigger, NOW_MS),), None, None, ""), (), NOW_MS)


def test_what_leads_to_the_offer_is_told_in_a_sentence() -> None:
    """The playbook's bridge; without one, nothing stands in its place."""
    offer = Recommendation("cross_sell", "cs_led", "ae", (), "tell it", NOW_MS, bridge="Because of A, you can now B.")
    assert card(make_trigger(recommendation=offer)).bridge == "Because of A, you can now B."
    assert (card(make_trigger()).bridge, card(make_trigger()).brief) == ("", ())


def test_the_brief_for_the_account_executive_names_each_fact_and_when_the_quote_is_due() -> None:
    """In an order to read them in, which a database does not keep; however many there are, the quote is told."""
    facts = {"other": "x", "timing": "renews on 2027-01-01, in 100 days", "usage": "46 of 50 seats active"}
    handed = Recommendation("tier", "cs_led", "ae", (), "talk", NOW_MS, handoff=Handoff(facts, 24))
    assert card(make_trigger(recommendation=handed)).brief == (
        ("Usage", "46 of 50 seats active"),
        ("Timing", "renews on 2027-01-01, in 100 days"),
        ("Other", "x"),
        ("Quote", "due within 24 h of the hand-off"),
    )
    many = msgspec.structs.replace(handed, handoff=Handoff({f"fact {n}": "x" * 999 for n in range(20)}, 24))
    found = card(make_trigger(recommendation=many)).brief
    assert (len(found), found[-1][0], max(len(text) for _name, text in found)) == (9, "Quote", 200)


@pytest.mark.parametrize("kind", ["risk", "adoption"])
def test_what_is_not_about_growth_says_that_it_has_stood_and_not_that_it_was_held_back(kind: str) -> None:
    """Nothing but the loading of history ever holds it; definitions 29 and 73."""
    found = card(make_trigger(record="released", held_since=NOW_MS - 2 * 86_400_000, kind=kind))
    assert found.why_now == "It has stood for 2 days; history was being loaded, which is over"
    assert (found.about_growth, found.about_account) == (False, True)
