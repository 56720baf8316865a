"""How stories begin, and what is told in many of them."""

from collections.abc import Callable

from tests.oracle.story import Story

Tell = Callable[..., Story]


def begin(tell: Tell, changes: dict[str, object] | None = None, **facts: object) -> Story:
    """Begin in January with an open gate and some facts."""
    story = tell(changes)
    story.ready("2026-01-01 09:00", **facts)
    return story


def used(story: Story, when: str, quantity: float | str) -> list[str]:
    """Record some of the metric `api_calls`."""
    return story.happens(when, "usage.recorded", metric="api_calls", quantity=quantity)


def begin_gauged(tell: Tell, changes: dict[str, object] | None = None) -> Story:
    """Begin in March with an open gate and a gauge limited to 100."""
    story = tell(changes)
    story.ready("2026-03-01 09:00", limits={"storage_gb": 100})
    return story


def gauge(story: Story, when: str, level: float) -> list[str]:
    """Report a level of the gauge whose limit is 100."""
    return story.happens(when, "usage.reported", metric="storage_gb", level=level)
