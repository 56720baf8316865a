"""What tells of an executive's interest, and how the trigger says it."""

import pytest

from shared.kernel.triggers import decode_trigger
from tests.oracle.adapters import EngineSubject
from tests.oracle.writing import WIDE_OPEN, event, only, playbook

WHEN = "2026-03-06 10:00"


def said(kind: str, properties: dict[str, object]) -> list[str]:
    """Return what the triggers of one event say."""
    subject = EngineSubject([playbook(WIDE_OPEN | only("executive_interest"))])
    subject.fold(event("account.updated", "acme", WHEN, "f", properties={"segment": "SMB"}))
    subject.fold(event("feature.used", "acme", WHEN, "u", user="u", properties={"feature": "dashboards"}))
    subject.engine.take_outputs()
    subject.engine.fold(subject.engine.offset + 1, event(kind, "acme", WHEN, "e", properties=properties), 1)
    found = [output.value for output in subject.engine.take_outputs() if output.topic.name == "expansion.triggers"]
    return [decode_trigger(value).evidence.summary for value in found if value is not None]


@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [
        (
            "capability.requested",
            {"feature": "sso", "by_executive": True},
            "an executive asked for sso on 2026-03-06 (≥ 1)",
        ),
        ("capability.requested", {"by_executive": True}, "an executive asked for a capability on 2026-03-06 (≥ 1)"),
        ("stakeholder.added", {"role": "executive"}, "an executive joined as a stakeholder on 2026-03-06 (≥ 1)"),
    ],
)
def test_an_executive_who_asks_or_joins_is_told(kind: str, properties: dict[str, object], told: str) -> None:
    """With what was asked for, and the day."""
    assert said(kind, properties) == [told]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("capability.requested", {"feature": "sso"}), ("stakeholder.added", {"role": "buyer"})],
)
def test_others_who_ask_or_join_are_not(kind: str, properties: dict[str, object]) -> None:
    """Neither a request of somebody else nor a stakeholder of another role."""
    assert said(kind, properties) == []
