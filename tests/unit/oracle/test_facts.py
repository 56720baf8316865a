"""Definitions 3, 10, 11: which of two facts holds, and for how many metrics an account may have limits of its own."""

from tests.oracle.beginnings import Tell, begin, used
from tests.oracle.story import Story
from tests.oracle.writing import event, only


def again(story: Story, when: str, **fields: object) -> list[str]:
    """Write facts of 10:00 under an id that has been used for them before."""
    story.tick(when)
    return story.fold(event("account.updated", story.account, "2026-01-02 10:00", "same", properties=fields))


def test_3_of_facts_of_one_moment_and_id_the_later_to_arrive_holds(tell: Tell) -> None:
    """An id counts again after an hour: for seats, limits, purchases and the number of employees alike."""
    changes = only("seat_saturation", "usage_ceiling", "purchased_unused", "headcount_growth")
    story = begin(tell, changes | {"rules.headcount_growth.days": 3})
    used(story, "2026-01-02 09:00", 5)
    story.active("2026-01-02 09:00", "u")
    assert again(story, "2026-01-02 10:00", seats=5, limits={"api_calls": 10}, employees=100) == []
    assert again(story, "2026-01-02 12:00", seats=1, limits={"api_calls": 5}, employees=50) == [
        "fired usage_ceiling:api_calls@executive",
        "fired seat_saturation:active",
    ]
    assert again(story, "2026-01-02 14:00", limits=None, purchased_features=["sso"]) == []
    assert again(story, "2026-01-02 16:00", limits={"api_calls": 5}, purchased_features=["roles"]) == []
    assert story.tick("2026-01-03 00:00") == []
    assert again(story, "2026-01-03 02:00", limits=None) == []
    assert story.tick("2026-01-04 00:00") == ["resolved usage_ceiling:api_calls@executive"]
    assert story.facts("2026-01-06 10:00", employees=60) == ["fired headcount_growth"]
    story.facts("2026-01-20 10:00", purchased_features=["roles"])
    assert "fired purchased_unused:roles" in story.tick("2026-02-01 00:00")


def test_of_limits_for_too_many_metrics_those_that_come_first_count(tell: Tell) -> None:
    """A thousand, whatever they say; then the plan's holds, and none where it has none, until all have been cleared."""
    story = begin(tell, only("usage_ceiling"), plan="Starter", limits={f"m{n}": None for n in range(998)})
    story.facts("2026-01-02 09:00", limits={"first": 100, "storage_gb": 1_000_000})
    story.facts("2026-01-02 09:01", limits={"api_calls": 10, "more": 10, "first": 50})
    for metric in ("more", "api_calls"):
        assert story.happens("2026-01-02 10:00", "usage.recorded", metric=metric, quantity=10) == []
    assert story.happens("2026-01-02 10:00", "usage.recorded", metric="first", quantity=50) == [
        "fired usage_ceiling:first@executive"
    ]
    assert story.happens("2026-01-02 10:00", "usage.recorded", metric="api_calls", quantity=6_990) == [
        "fired usage_ceiling:api_calls@nurture"
    ]
    story.facts("2026-01-02 11:00", limits=None)
    assert story.facts("2026-01-02 11:01", limits={"more": 10}) == ["fired usage_ceiling:more@executive"]
