"""How a mail reads, as text and as HTML."""

from typing import Any

import pytest

from services.notify.channels.email import make_mail
from services.notify.channels.kinds import Parcel
from services.notify.core.card import Subject, Told, make_card
from services.notify.core.words import Action
from shared.kernel.triggers import Evidence, Handoff, Recommendation
from tests.support.notify import NOW_MS, make_trigger

PARTS = ("plain", "html")


def said(part: str, **over: Any) -> str:
    """Return one part of the mail that tells of a trigger."""
    card = make_card(Subject((Told(make_trigger(**over), NOW_MS),), None, None, ""), (), NOW_MS)
    parcel = Parcel(key="k", action=Action.POST, card=card, owner_email=None, ref=None, decided_at=NOW_MS)
    body = make_mail(parcel, ["ana@example.com"], "upswing@example.com", NOW_MS).get_body((part,))
    assert body is not None
    text: str = body.get_content()
    return text


@pytest.mark.parametrize("part", PARTS)
def test_the_bridge_and_the_brief_are_told(part: str) -> None:
    """The sentence next to the play, the facts for the account executive under all."""
    handed = Recommendation(
        "cross_sell", "cs_led", "ae", (), "talk", NOW_MS, "Because of A, now B.", Handoff({"goals": "reached: C"}, 24)
    )
    text = said(part, recommendation=handed)
    told = ["Recommended play", "What to say", "Because of A, now B.", "For the account executive", "Goals"]
    told += ["reached: C", "Quote", "due within 24 h of the hand-off"]
    places = [text.index(each) for each in told]
    assert places == sorted(places)
    for absent in ("What to say", "account executive"):
        assert absent not in said(part)


@pytest.mark.parametrize("part", PARTS)
def test_a_risk_tells_health_and_nothing_of_growth(part: str) -> None:
    """And what is below its threshold is shown so, in HTML too."""
    below = Evidence(49, 50, "<", "score", summary="health 49 (< 50)")
    text = said(part, kind="risk", estimated_acv=None, evidence=below)
    assert ("health 49 (< 50)" if part == "plain" else "health 49 (&lt; 50)") in text
    assert "Health" in text
    for growth in ("Worth", "Motion", "Readiness"):
        assert growth not in text
        assert growth in said(part)
