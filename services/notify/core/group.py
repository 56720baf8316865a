"""Grouping: one open message for each (account, play), which further triggers join.

A message opens with the first trigger that fires or is released, and closes when all of its triggers have resolved or
its lead has ended. While it is open a trigger of a higher urgency *climbs*: it is told again. Any other one *joins*.
Source: design (the alert's key is (account, play)), definitions 5, 34, 50, decision 0009.
"""

import msgspec

from services.notify.core.words import Why
from shared.kernel.csql_changes import CsqlChange
from shared.kernel.triggers import Record

URGENCY = {"nurture": 1, None: 2, "outreach": 2, "growth": 2, "owner": 3, "tenfold": 3, "executive": 4}
USUAL_URGENCY = 2
ENDED_STAGES = ("closed_won", "closed_lost", "disqualified")


class Message(msgspec.Struct, frozen=True):
    """The open message of a key. Shape: `urgency` is the highest told, `open` the triggers that have not ended."""

    urgency: int
    open: frozenset[str]


def urgency_of(level: str | None) -> int:
    """Return how urgent a level is, 1-4, comparable across rules; a level without a place here is a usual one."""
    return URGENCY.get(level, USUAL_URGENCY)


def advance(message: Message | None, record: Record, trigger_id: str, level: str | None) -> tuple[Message | None, Why]:
    """Return the message after one record, None when there is none open, and what the record was for it."""
    if record == "held":
        return message, Why.HELD
    if record == "resolved":
        return _resolve(message, trigger_id)
    urgency = urgency_of(level)
    if message is None:
        return Message(urgency, frozenset({trigger_id})), Why.FIRED if record == "fired" else Why.RELEASED
    grown = Message(max(urgency, message.urgency), message.open | {trigger_id})
    return grown, Why.CLIMBED if urgency > message.urgency else Why.JOINED


def ends_lead(change: CsqlChange) -> bool:
    """Return whether a change ends its lead or task, and with it the message of its key."""
    return change.stage in ENDED_STAGES or change.change == "done"


def _resolve(message: Message | None, trigger_id: str) -> tuple[Message | None, Why]:
    if message is None or trigger_id not in message.open:
        return message, Why.UNSEEN
    rest = message.open - {trigger_id}
    return (Message(message.urgency, rest) if rest else None), Why.RESOLVED
