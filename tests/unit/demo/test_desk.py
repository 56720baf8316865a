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
        await asyncio.sleep(0.3)
        assert desk.seconds == seconds
