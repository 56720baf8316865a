"""Definition 26: each event that lowers or raises a component makes the rules on health be looked at, at once."""

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.story import Story
from tests.oracle.writing import only

ON_HEALTH = ("health_declining", "health_critical", "renewal_at_risk")
POINTS: dict[str, object] = {
    "health.support.open_ticket_points": 90,
    "health.stakeholders.champion_left_points": 90,
    "health.engagement.qbr_points": 10,
    "health.engagement.engagement_points": 10,
}
LOWERS: list[tuple[str, str, dict[str, object]]] = [
    ("sentiment", "survey.answered", {"survey": "nps", "score": 1}),
    ("support", "ticket.opened", {"ticket_id": "t", "severity": "urgent"}),
    ("stakeholders", "champion.changed", {"change": "left"}),
    ("stakeholders", "stakeholder.added", {"role": "executive"}),
    ("engagement", "engagement.recorded", {"kind": "meeting"}),
    ("engagement", "qbr.held", {}),
    ("usage", "usage.recorded", {"metric": "m", "quantity": 5}),
    ("usage", "feature.used", {"feature": "dashboards", "metric": "m", "quantity": 5}),
]
RAISES: list[tuple[str, str, dict[str, object]]] = [
    ("outcomes", "outcome.achieved", {"outcome": "x", "primary": True}),
    ("outcomes", "milestone.reached", {"milestone": "first"}),
    ("sentiment", "survey.answered", {"survey": "nps", "score": 10}),
    ("support", "ticket.opened", {"ticket_id": "t", "severity": "low"}),
    ("support", "ticket.resolved", {"ticket_id": "t"}),
    ("stakeholders", "champion.changed", {"change": "promoted"}),
    ("stakeholders", "stakeholder.added", {"role": "executive"}),
    ("engagement", "engagement.recorded", {"kind": "meeting"}),
    ("engagement", "qbr.held", {}),
    ("usage", "usage.recorded", {"metric": "m", "quantity": 50}),
    ("usage", "feature.used", {"feature": "dashboards", "metric": "m", "quantity": 50}),
    ("usage", "session.started", {}),
]


def weighing(component: str) -> dict[str, object]:
    """Return the weights under which nearly all is one component's."""
    weights = dict.fromkeys(("usage", "engagement", "support", "sentiment", "outcomes", "stakeholders"), 0)
    weights[component] += 90
    weights["outcomes"] += 10
    return {"health.weights": weights}


@pytest.mark.parametrize("rule", ON_HEALTH)
@pytest.mark.parametrize(("component", "kind", "properties"), LOWERS)
def test_26_what_lowers_health_is_told_at_once(
    tell: Tell, rule: str, component: str, kind: str, properties: dict[str, object]
) -> None:
    """From the 100 of a primary outcome to 19 at most; use is late: of the earlier window."""
    no_sponsor = {"health.stakeholders.no_sponsor_points": 90}
    story: Story = tell(only(rule) | POINTS | no_sponsor | weighing(component))
    story.ready("2026-04-01 09:00", segment="smb", renews_on="2026-06-15")
    story.happens("2026-04-01 10:00", "outcome.achieved", outcome="x", primary=True)
    story.tick("2026-05-01 00:00")
    at = "2026-03-20 10:00" if component == "usage" else "2026-05-01 10:00"
    assert story.happens(at, kind, **properties) == [f"fired {rule}"]


@pytest.mark.parametrize(("component", "kind", "properties"), RAISES)
def test_26_what_raises_health_is_told_at_once(
    tell: Tell, component: str, kind: str, properties: dict[str, object]
) -> None:
    """To green, from nothing known, or from nothing used: then the renewal in sight is a milestone."""
    points = {"health.engagement.qbr_points": 100, "health.engagement.engagement_points": 100}
    milestones = [{"name": "first", "due_days": 1}] if kind == "milestone.reached" else []
    seats = {"seats": 1} if kind == "session.started" else {}
    changes = only("contract_milestone") | points | weighing(component) | {"milestones.smb": milestones}
    story: Story = tell(changes | {"health.stakeholders.no_sponsor_points": 0})
    story.ready("2026-04-01 09:00", segment="smb", onboarded_at="2026-01-01", renews_on="2026-06-15", **seats)
    if component == "usage" and not seats:
        story.happens("2026-03-20 10:00", "usage.recorded", metric="m", quantity=5)
    story.tick("2026-05-01 00:00")
    assert story.happens("2026-05-01 10:00", kind, user="a", **properties) == ["fired contract_milestone"]
