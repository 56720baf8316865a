"""The receiver of the bench reads alerts as notify writes them."""

import msgspec

from services.notify.core.blocks import alert_blocks
from services.notify.core.card import Subject, Told, make_card
from tests.bench.receiver import TRIGGER
from tests.support.notify import NOW_MS, make_trigger


def test_an_alert_names_its_trigger_to_the_receiver() -> None:
    """Otherwise its hops could not be measured."""
    trigger = make_trigger()
    card = make_card(Subject((Told(trigger, NOW_MS),), None, None, ""), (), NOW_MS)
    found = TRIGGER.search(msgspec.json.encode({"blocks": alert_blocks(card)}))
    assert found is not None
    assert found[1].decode() == trigger.trigger_id
