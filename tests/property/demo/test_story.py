"""The demo's story: what the made-up company does is enough for each scene to have its outcome, at any moment.

The way is the real one but for the broker: the published SDK's messages, ingest's core, the engine.
"""

import pytest

from shared.kernel.clock import DAY_MS, HOUR_MS
from tests.support.memory_stack import NOW, MemoryStack
from tests.support.playbooks import shipped
from upswing.demo.past import past
from upswing.demo.scenes import calls_of, everyday, scenes
from upswing.history.whole import play_until_now

PLAYBOOK = shipped("demo")


@pytest.mark.parametrize("days_earlier", [0, 2.4, 40.3])
async def test_each_scene_has_its_outcome_whatever_day_it_is(days_earlier: float) -> None:
    """Nothing is alerted before the hand-over, and no message of the SDK is refused."""
    now_ms = NOW - int(days_earlier * DAY_MS) - HOUR_MS
    stack = MemoryStack(PLAYBOOK)
    calls = past(PLAYBOOK, now_ms)
    await stack.begin(calls[0].at_ms)
    await play_until_now(calls, stack, stack, now_ms=lambda: now_ms, step_ms=6 * HOUR_MS, told=lambda _sent: None)
    assert {trigger.record for trigger in stack.triggers} <= {"held", "resolved"}
    for call in everyday(now_ms):
        stack.send(call)
    for number, scene in enumerate(scenes(PLAYBOOK)):
        before = len(stack.triggers)
        for call in calls_of(scene, number, now_ms + number * 2_000):
            stack.send(call)
        stack.flush()
        about = [trigger for trigger in stack.triggers[before:] if trigger.account_id == scene.customer.account_id]
        assert (scene.rule, scene.outcome) in {(trigger.rule, trigger.record) for trigger in about}, scene.told
        assert all(trigger.account_name == scene.customer.name for trigger in about)
    assert stack.refused == []
    kinds = {(trigger.rule, trigger.record) for trigger in stack.triggers}
    assert {
        (rule, "fired") for rule in ("usage_ceiling", "seat_saturation", "gated_exploration", "qbr_outcome")
    } <= kinds
    latest = {trigger.trigger_id: trigger for trigger in stack.triggers}
    assert {trigger.account_id for trigger in latest.values() if trigger.record == "held"} >= {"acc_boreal", "acc_kumo"}
