"""The seconds from an event to its alert, whatever id the event has in the log."""

import asyncio
from typing import Any

import pytest

from shared.kernel.triggers import Trigger
from tests.support.pipeline.samples import make_trigger
from upswing.demo.desk import Desk
from upswing.demo.receivers import Alert
from upswing.demo.show import Show
from upswing.demo.watch import TriggerWatch
from upswing.history.calls import Call


@pytest.mark.parametrize(
    ("over", "seconds"),
    [
        ({"decided_by": "app/m-1"}, [2.0]),
        ({"decided_by": "app/session-of-ann"}, [1.0]),  # a page view is kept as a session
        ({"decided_by": "day/2026-06-01"}, []),
        ({"decided_by": "app/m-1", "record": "released"}, [1.0]),
        ({"decided_by": "app/m-1", "account_id": "another"}, [2.0]),
        ({"decided_by": "app/past", "account_id": "another"}, []),
    ],
)
async def test_seconds_are_counted_from_the_call_that_caused_the_alert(
    over: dict[str, Any], seconds: list[float]
) -> None:
    """By its id; else from the latest call about the account, unless a change of day decided."""
    trigger: Trigger = make_trigger(**over)
    watch = TriggerWatch("nowhere")
    watch.records.append(trigger)
    async with Desk(Show()) as desk:
        desk.look_at(watch)
        for at_ms, name in ((1_000, "m-1"), (2_000, "m-2")):
            desk.sending(Call(at_ms=at_ms, method="page", account_id="acme", message_id=name), at_ms)
        desk.arrived(Alert("Slack", "title", (), trigger.trigger_id, 3_000))
        for _turn in range(10):  # its record is known, so nobody looks again later
            await asyncio.sleep(0)
        assert desk._queue.empty()
        assert desk.seconds == seconds


async def test_a_scene_waits_for_an_alert_about_its_own_account() -> None:
    """One that came before, or one about another account, is not what it waits for."""
    trigger: Trigger = make_trigger()
    watch = TriggerWatch("nowhere")
    watch.records.append(trigger)
    async with Desk(Show()) as desk:
        desk.look_at(watch)
        desk.arrived(Alert("Slack", "Acme: Seats are nearly full", (), trigger.trigger_id, 1_000))
        desk.arrived(Alert("Slack", "Another: Seats are nearly full", (), trigger.trigger_id, 2_000))
        assert await desk.until_about("Acme", 0, 1)
        assert not await desk.until_about("Acme", 1, 0.05)
        desk.arrived(Alert("e-mail", "Acme: Close to a plan limit", (), trigger.trigger_id, 3_000))
        assert await desk.until_about("Acme", 1, 1)
