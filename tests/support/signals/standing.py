"""Stories about how an account stands: under an open gate, judged by some rules only, from 2026-03-02 on."""

from shared.kernel.clock import iso_day
from shared.kernel.snapshots import RuleValue
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

FIRST = 20_514  # 2026-03-02


def on_day(number: int, clock: str = "10:00") -> str:
    """Return an instant of a day counted from 2026-03-02, which is day 0."""
    return f"{iso_day(FIRST + number)} {clock}"


def begin(*rules: str, changes: dict[str, object] | None = None, **facts: object) -> Story:
    """Begin a story under an open gate that only some rules judge."""
    story = Story(EngineSubject([playbook(WIDE_OPEN | only(*rules) | (changes or {}))]))
    story.ready(on_day(0, "09:00"), **facts)
    return story


def shown(story: Story, rule: str) -> RuleValue:
    """Return what a restarted worker's snapshot shows of a rule."""
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    subject.flush()
    assert subject.restart() == []
    story.happens(on_day(story.lines + 400, "00:00"), "effort.logged", hours=1, cost=1)
    (row,) = [row for row in subject.snapshots["acme"].rules if row.rule == rule]
    return row
