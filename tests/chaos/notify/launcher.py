"""Runs notify, and kills it with SIGKILL at one point: `launcher.py <point> <pass>`. Production code has no hooks.

Points: before or after a step, wrapped here from outside. `none` never kills.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from services.notify.app import command
from services.notify.channels.receiver import Receiver
from services.notify.consumer import Consumer
from services.notify.intake import Intake
from services.notify.outbox import Sender
from services.notify.repository import log

STEPS: dict[str, tuple[Any, str]] = {
    "inbox_written": (log, "write"),
    "inbox_committed": (Intake, "take_trigger"),
    "offsets_committed": (Consumer, "_commit"),
    "claimed": (Sender, "_deliver"),
    "posted": (Receiver, "post"),
    "settled": (Sender, "_write"),
}


def arm(point: str, passes: int) -> None:
    """Wrap the step of a point: `before_<step>` or `after_<step>`, at its n-th pass."""
    when, _, name = point.partition("_")
    owner, attribute = STEPS[name]
    original: Callable[..., Awaitable[Any]] = getattr(owner, attribute)
    left = passes

    async def step(*args: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        chosen = left == 0  # others may pass while this one waits
        if chosen and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = await original(*args, **named)
        if chosen:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, attribute, step)


if __name__ == "__main__":
    if sys.argv[1] != "none":
        arm(sys.argv[1], int(sys.argv[2]))
    command.main(args=[], standalone_mode=True)
