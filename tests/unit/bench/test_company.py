"""The measured way is the one that customers see: gates really stand open, and only deciding events decide."""

from random import Random

import pytest

from shared.kernel.clock import DAY_MS
from tests.bench.company import Company
from tests.support.memory_stack import NOW, MemoryStack
from tests.support.playbooks import shipped
from upswing.history.player import play

PLAYBOOK = shipped()
ACCOUNTS, EVERYDAY = 9, 600
MIDNIGHT = NOW // DAY_MS * DAY_MS


@pytest.fixture
async def stack() -> MemoryStack:
    """A stack that has been given the past of nine accounts: each rule in each segment."""
    stack = MemoryStack(PLAYBOOK)
    await stack.begin(0)
    await play(company().past(NOW), stack, stack, until_ms=MIDNIGHT, step_ms=DAY_MS, told=lambda _sent: None)
    await stack.end(MIDNIGHT)
    return stack


def company() -> Company:
    """Return the customers; the memory stack's write key is called `demo`."""
    return Company(PLAYBOOK, ACCOUNTS, owners=2, source="demo")


async def test_the_past_opens_every_gate_and_fires_nothing(stack: MemoryStack) -> None:
    """Nothing is held either, so that nothing is released in the middle of a measurement."""
    rng = Random(1)  # noqa: S311 - a test that can be repeated
    for number in range(EVERYDAY):
        stack.send(company().everyday(rng, f"e{number}", NOW))
    stack.flush()
    assert stack.triggers == []
    assert stack.refused == []
    snapshots = stack.snapshots()
    assert len(snapshots) == ACCOUNTS
    assert {snapshot.segment for snapshot in snapshots.values()} == {"smb", "mid_market", "enterprise"}
    assert all(snapshot.gate.open and not snapshot.gate.held_because for snapshot in snapshots.values())


async def test_each_deciding_event_fires_the_trigger_whose_id_is_expected(stack: MemoryStack) -> None:
    """One trigger each, of all three rules, which an alert can be matched with."""
    expected = []
    for number in range(ACCOUNTS):
        deciding = company().deciding(number, NOW)
        stack.send(deciding.call)
        expected.append((company().account(number), company().rule(number), "fired", deciding.trigger_id))
    stack.flush()
    found = [(each.account_id, each.rule, each.record, each.trigger_id) for each in stack.triggers]
    assert found == expected
    assert {each.people["csm"] for each in stack.triggers} == {"csm-0", "csm-1"}
