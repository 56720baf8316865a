"""The demo's story, told to the engine without a broker: what each scene does, and what is left at the end."""

from collections import Counter

import pytest

from shared.kernel.clock import DAY_MS
from shared.kernel.playbook import Playbook
from shared.kernel.triggers import Trigger
from tests.support.memory_stack import NOW, MemoryStack
from tests.support.playbooks import shipped
from upswing.demo.company import STEP_MS
from upswing.demo.past import past
from upswing.demo.scenes import calls_of, everyday, scenes
from upswing.history.whole import play_until_now

PLAYBOOK = shipped("demo")
STORIES = {  # beside the one that a scene is about: what comes with it
    "seat_saturation": {"seat_saturation"},
    "contraction_risk": {"contraction_risk", "ticket_surge"},
}


async def _handed_over(playbook: Playbook, now_ms: int) -> MemoryStack:
    stack = MemoryStack(playbook)
    calls = past(playbook, now_ms)
    await stack.begin(calls[0].at_ms)
    await play_until_now(calls, stack, stack, now_ms=lambda: now_ms, step_ms=STEP_MS, told=lambda _sent: None)
    return stack


@pytest.mark.parametrize("days_ago", [0.001, pytest.param(2.6, marks=pytest.mark.long)])
async def test_each_scene_has_its_outcome_and_a_handful_is_left(days_ago: float) -> None:
    """On whatever weekday it is told: few things wait for the owners, and what is held has different reasons."""
    now_ms = NOW - round(days_ago * DAY_MS)
    stack = await _handed_over(PLAYBOOK, now_ms)
    assert {trigger.record for trigger in stack.triggers} == {"held", "resolved"}
    for call in everyday(now_ms + 10):
        stack.send(call)
    stack.flush()
    released = [trigger for trigger in stack.triggers if trigger.record == "released"]
    assert 4 <= len(released) <= 9
    for number, scene in enumerate(scenes(PLAYBOOK), start=1):
        seen = len(stack.triggers)
        for call in calls_of(scene, number, now_ms + 1_000 * number):
            stack.send(call)
        stack.flush()
        found = stack.triggers[seen:]
        assert {trigger.account_id for trigger in found} == {scene.customer.account_id}
        assert {trigger.rule for trigger in found} == STORIES.get(scene.rule, {scene.rule}), scene.told
        assert scene.outcome in {trigger.record for trigger in found if trigger.rule == scene.rule}
    assert stack.refused == []
    _check_the_end(list({trigger.trigger_id: trigger for trigger in stack.triggers}.values()), stack)


def _check_the_end(latest: list[Trigger], stack: MemoryStack) -> None:
    counts = Counter(
        (trigger.kind, "open" if trigger.record in {"fired", "released"} else trigger.record) for trigger in latest
    )
    assert 8 <= counts["expansion", "open"] <= 14
    assert 3 <= counts["risk", "open"] <= 5
    assert counts["adoption", "open"] == 1
    assert 4 <= counts["expansion", "held"] <= 12
    snapshots = stack.snapshots()
    held = {trigger.account_id for trigger in latest if trigger.record == "held"}
    reasons = {reason for account in held for reason in snapshots[account].gate.held_because}
    assert {"days_since_onboarding", "exec_sponsor", "qbr_days", "renewal_quiet", "contraction_risk"} <= reasons
