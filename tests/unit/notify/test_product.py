"""What of an alert the product shows to the customer's own people."""

from services.notify.core.card import Subject, Told, make_card
from services.notify.core.product import for_the_product
from tests.support.notify import NOW_MS, make_trigger


def test_the_product_is_shown_growth_and_adoption_and_no_risk() -> None:
    """Whatever a routes file says: what a customer reads in the product is not that we fear for the contract."""
    growth, risk = make_trigger(), make_trigger(rule="health_critical", kind="risk", scope=None, scope_type=None)
    adoption = make_trigger(rule="dormant_users", kind="adoption", scope=None, scope_type=None)
    told = tuple(Told(one, NOW_MS) for one in (growth, risk, adoption))
    shown = for_the_product(Subject(told, None, None, ""))
    assert shown is not None
    assert [one.trigger.rule for one in shown.told] == ["seat_saturation", "dormant_users"]
    assert for_the_product(Subject(told[1:2], None, None, "")) is None


def test_what_has_ended_is_no_standing_prompt_while_a_risk_keeps_the_alert_open() -> None:
    """Of what is growth or adoption, one that stands is enough; the one that has ended is told beside it."""
    growth, risk = make_trigger(), make_trigger(rule="health_critical", kind="risk", scope=None, scope_type=None)
    ended, adoption = Told(growth, NOW_MS, NOW_MS + 1), make_trigger(rule="dormant_users", kind="adoption")
    assert for_the_product(Subject((ended, Told(risk, NOW_MS)), None, None, "")) is None
    shown = for_the_product(Subject((ended, Told(risk, NOW_MS), Told(adoption, NOW_MS)), None, None, ""))
    assert shown is not None
    assert make_card(shown, (), NOW_MS).phase == "open"
    assert len(shown.told) == 2
