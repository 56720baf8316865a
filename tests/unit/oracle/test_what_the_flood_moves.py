"""Definitions 2, 12, 41: a quantity counts whichever event brings it, a user and depth whichever event makes active."""

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.writing import control, only

QUANTITY = {"metric": "api_calls", "quantity": 100}
BRINGS = [("usage.recorded", QUANTITY), ("feature.used", QUANTITY | {"feature": "dashboards"})]
ACTS: list[tuple[str, dict[str, object]]] = [
    ("session.started", {}),
    ("usage.recorded", {"metric": "api_calls", "quantity": 1}),
    ("feature.used", {"feature": "dashboards"}),
]


@pytest.mark.parametrize(("kind", "properties"), BRINGS)
def test_12_a_quantity_reaches_a_limit_and_reaches_it_again(
    tell: Tell, kind: str, properties: dict[str, object]
) -> None:
    """100 of 100 in January, and in February once more."""
    story = tell(only("usage_ceiling", "limit_hit_again"))
    story.ready("2026-01-20 09:00", limits={"api_calls": 100})
    assert story.happens("2026-01-25 10:00", kind, **properties) == ["fired usage_ceiling:api_calls@executive"]
    story.tick("2026-02-01 00:00")
    assert story.happens("2026-02-10 10:00", kind, **properties) == [
        "fired usage_ceiling:api_calls@executive",
        "fired limit_hit_again:api_calls",
    ]


@pytest.mark.parametrize(("kind", "properties"), BRINGS)
def test_20_a_quantity_speeds_use_up(tell: Tell, kind: str, properties: dict[str, object]) -> None:
    """Of 50 in the window before twice as much has come."""
    story = tell(only("usage_velocity") | {"rules.usage_velocity.floor": 1, "rules.usage_velocity.days": 30})
    story.ready("2025-11-01 09:00")
    story.happens("2025-12-01 10:00", "usage.recorded", metric="api_calls", quantity=1)
    story.happens("2026-01-10 10:00", "usage.recorded", metric="api_calls", quantity=50)
    story.happens("2026-01-10 11:00", "feature.used", feature="dashboards")
    story.tick("2026-02-20 00:00")
    assert story.happens("2026-02-20 10:00", kind, **properties) == ["fired usage_velocity:api_calls@growth"]


@pytest.mark.parametrize(("kind", "properties"), ACTS)
def test_2_whoever_acts_takes_a_seat(tell: Tell, kind: str, properties: dict[str, object]) -> None:
    """The one of the one."""
    story = tell(only("seat_saturation"))
    story.ready("2026-01-20 09:00", seats=1)
    assert story.happens("2026-01-20 10:00", kind, user="a", **properties) == ["fired seat_saturation:active"]


@pytest.mark.parametrize(("kind", "properties"), ACTS)
def test_21_whoever_acts_makes_a_department_busy_and_a_new_one_used(
    tell: Tell, kind: str, properties: dict[str, object]
) -> None:
    """One person of Sales, which is new, beside Marketing, which has nobody."""
    rules = {"rules.department_expansion.users": 1, "rules.department_adjacent.adjacent": {"Sales": ["Marketing"]}}
    story = tell(only("department_expansion", "department_adjacent") | rules)
    story.ready("2026-01-20 09:00", onboarded_at="2025-01-01")
    story.happens("2026-01-20 10:00", "user.provisioned", user="a", department="Sales")
    assert story.happens("2026-01-20 11:00", kind, user="a", **properties) == [
        "fired department_expansion:Sales",
        "fired department_adjacent:Marketing",
    ]


def test_21_a_seat_given_to_somebody_who_acts_is_heard(tell: Tell) -> None:
    """Whoever has acted already is counted with the department that is named now."""
    rules = {"rules.department_expansion.users": 1, "rules.department_adjacent.adjacent": {"Sales": ["Marketing"]}}
    story = tell(only("department_expansion", "department_adjacent") | rules)
    story.ready("2026-01-20 09:00", onboarded_at="2025-01-01")
    assert story.happens("2026-01-20 10:00", "session.started", user="a") == []
    assert story.happens("2026-01-20 11:00", "user.provisioned", user="a", department="Sales") == [
        "fired department_expansion:Sales",
        "fired department_adjacent:Marketing",
    ]


@pytest.mark.parametrize(("kind", "properties"), ACTS)
def test_41_whoever_acts_deepens_use(tell: Tell, kind: str, properties: dict[str, object]) -> None:
    """The third act on two seats is above the bounds of all fifths: depth 5 makes 40 points of 20."""
    story = tell(only("cross_sell_fit") | {"rules.cross_sell_fit.score": 40})
    story.fold(control("quintiles", "2026-01-20 00:00", playbook_version="default-1", segments={"smb": [1, 1, 1, 1]}))
    story.ready("2026-01-20 09:00", seats=2)
    story.active("2026-01-20 09:30", "a")
    assert story.happens("2026-01-20 10:00", kind, **properties) == [
        "fired cross_sell_fit:Connect",
        "fired cross_sell_fit:Insights",
    ]
