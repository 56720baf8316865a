"""What the log says of a trigger: ids to follow it by, and nothing of what it is about."""

from collections.abc import Iterable

import msgspec

from services.signals.owned import OutputLike
from shared.io.logs import get_logger
from shared.kernel.topics import TRIGGERS

__all__ = ["say"]

log = get_logger(__name__)


class Told(msgspec.Struct):
    """What is logged of a trigger."""

    record: str
    rule: str
    account_id: str
    trigger_id: str
    decided_by: str


_TOLD = msgspec.json.Decoder(Told)


def say(outputs: Iterable[OutputLike]) -> None:
    """Log each trigger that leaves with the event that decided it: the id by which an event is followed."""
    for output in outputs:
        if output.topic is not TRIGGERS or output.value is None:
            continue
        try:
            told = _TOLD.decode(output.value)
        except msgspec.DecodeError:
            continue
        level = log.info if told.record in {"fired", "released"} else log.debug
        level(
            "trigger",
            record=told.record,
            rule=told.rule,
            account_id=told.account_id,
            trigger_id=told.trigger_id,
            event_id=told.decided_by,
        )
