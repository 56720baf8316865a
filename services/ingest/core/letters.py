"""Dead letters of ingest: written when an event is rejected, and taken in again later.

Source: design (outputs of signals), definition 78.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

import msgspec

from services.ingest.core.identities import Identities, User
from services.ingest.core.intake import UNKNOWN_ACCOUNT, Refused
from services.ingest.core.keys import KEY_PREFIX
from shared.kernel.codec import decode_line
from shared.kernel.dead_letters import DeadLetter
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.envelope import Event

LETTER_NAMESPACE = UUID("4a4a0b8f-58a2-5d53-a6a5-9d0f4f6c2e17")
LARGEST_LINE_BYTES = 262_144
CUT_LINE_BYTES = 16_384
SECRET = re.compile(re.escape(KEY_PREFIX.encode()) + rb"[0-9a-f]{16,}")
HIDDEN = KEY_PREFIX.encode() + b"..."


def letter_for(refused: Refused, source: str, origin: str, now_ms: int) -> DeadLetter:
    """Return the letter about a refused event.

    Shape: the same event refused again for the same reason has the same `letter_id`; a line too long to be kept is cut.
    A write key in it, as some clients put theirs into the body, is hidden.
    """
    line = refused.line if len(refused.line) <= LARGEST_LINE_BYTES else refused.line[:CUT_LINE_BYTES]
    problem = refused.problem
    named = refused.event_id or hashlib.sha256(refused.line).hexdigest()
    name = msgspec.json.encode(["ingest", source, named, problem.reason]).decode()
    return DeadLetter(
        letter_id=str(uuid5(LETTER_NAMESPACE, name)),
        service="ingest",
        reason=problem.reason,
        field=problem.field,
        message=problem.message,
        line=SECRET.sub(HIDDEN, line).decode(errors="backslashreplace"),
        origin=origin,
        at=now_ms,
        account_id=refused.account_id,
        event_id=refused.event_id,
        source=source,
        anonymous_id=refused.anonymous_id,
    )


class Retaken(msgspec.Struct, frozen=True):
    """The event of a letter, ready for the log. Shape: `line` is a record's value, to the partition of `account_id`."""

    account_id: str
    line: bytes


def users_of(letter: DeadLetter, fields: Mapping[str, Any]) -> list[User]:
    """Return the user and the visitor, by source, whose account an event belongs to. Shape: none when it names none."""
    source = letter.source or "direct"
    return [(source, who) for who in (fields.get("user_id"), letter.anonymous_id) if isinstance(who, str) and who]


def retake(letter: DeadLetter, identities: Identities) -> Retaken | Problem:
    """Return the event of a letter as it can go to the log now, or what is still wrong with it.

    Shape: an account that is missing is looked up again, because a `group` call of the user, or of the visitor that the
    user was, may have named it since.
    """
    try:
        fields = msgspec.json.decode(letter.line)
    except msgspec.DecodeError as error:
        return Problem(Reason.UNREADABLE, "", f"not readable as JSON: {error}")
    if not isinstance(fields, dict):
        return Problem(Reason.NOT_AN_OBJECT, "", "the letter's line is no event")
    source = letter.source or "direct"
    if fields.get("account_id") is None:
        known = next(filter(None, (identities.account_of(*user) for user in users_of(letter, fields))), None)
        if known is None:
            return Problem(Reason.ACCOUNT_UNKNOWN, "account_id", UNKNOWN_ACCOUNT)
        fields["account_id"] = known
    line = msgspec.json.encode(fields | {"source": source})
    event = decode_line(line)
    if isinstance(event, Problem):
        return event
    if not isinstance(event, Event):
        return Problem(Reason.UNKNOWN_TYPE, "type", "control records are not taken from letters")
    return Retaken(event.account_id, line + b"\n")
