"""What can be done with a demo that is kept up: the exact commands, and what else knows its way in."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.settings import LocalSettings
from shared.kernel.triggers import Trigger

__all__ = ["HOW_TO_KEEP", "commands", "lines"]

HOW_TO_KEEP = "to look around in it yourself: `make demo KEEP=1` (`upswing demo --keep`) leaves everything running"
DAY = "day"


def lines(settings: LocalSettings, records: Sequence[Trigger], write_key: str, token: str) -> list[str]:
    """Return what a person is told. Shape: `records` are all records of triggers, in their order."""
    return [
        f"kept running until Ctrl-C; its data is in {settings.data}, which the next demo removes",
        "in another terminal:",
        *(f"  {command}" for command in commands(settings.data, records)),
        f"  curl -H 'Authorization: Bearer {token}' {settings.url('pipeline')}/v1/scorecard",
        f"write key, to send events of your own: {write_key}",
    ]


def commands(data: Path, records: Sequence[Trigger]) -> list[str]:
    """Return commands that find this demo, the last two about the trigger that an event fired last."""
    words = [["doctor"]]
    fired = [record for record in records if record.record == "fired" and not record.decided_by.startswith(f"{DAY}/")]
    if fired:
        last = fired[-1]
        event_id = last.decided_by.partition("/")[2]
        words += [["explain", last.account_id], ["trace", event_id, "--account", last.account_id]]
    return [shlex.join([_program(), *each, "--data", str(data)]) for each in words]


def _program() -> str:
    """Return how this program was called, as a person in the same folder can call it."""
    return sys.argv[0] if Path(sys.argv[0]).name == "upswing" else "upswing"
