"""What the end of a lead does to the open message of its key: it ends what it names, and nothing else.

The topics have no common order: the next lead's trigger may have joined the message before the end of this one came.
"""

from collections.abc import Sequence

import msgspec

from services.notify.core.card import Told
from shared.kernel.triggers import Trigger


class Ending(msgspec.Struct, frozen=True):
    """What an end does. Shape: `closes` the message or not; `left` are those to be told anew, oldest first."""

    closes: bool
    left: tuple[Trigger, ...] = ()


def end_told(told: Sequence[Told], named: Sequence[str]) -> Ending:
    """Return what the end of a lead with these triggers does to a message; one that tells of none of them stays."""
    if not any(each.trigger.trigger_id in named for each in told):
        return Ending(closes=False)
    left = (each.trigger for each in told if each.resolved_at is None and each.trigger.trigger_id not in named)
    return Ending(closes=True, left=tuple(left))
