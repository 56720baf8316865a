"""Every decision has a word: why something was or was not sent, and the state of a delivery.

Bounded: each is a metric label and a value in the delivery log.
"""

from enum import StrEnum


class Why(StrEnum):
    """Why a delivery exists, or why nothing was sent."""

    FIRED = "fired"
    RELEASED = "released"
    CLIMBED = "climbed"  # a higher level of a message that is open
    JOINED = "joined"  # further evidence for a message that is open
    RESOLVED = "resolved"
    CHANGED = "changed"  # the lead moved, or got another owner
    HELD = "held"
    SILENCED = "silenced"
    NO_ROUTE = "no_route"
    UNSEEN = "resolved_unseen"  # what has ended was never alerted
    RESENT = "resent_by_hand"
    TEST = "test"


class State(StrEnum):
    """Where a delivery is. `unknown`: the answer was lost, it may have arrived. `not_sent`: decided not to."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"
    NOT_SENT = "not_sent"


class Action(StrEnum):
    """What a delivery does in its channel."""

    POST = "post"
    REPLY = "reply"
    UPDATE = "update"


UNSETTLED = (State.PENDING, State.SENDING, State.UNKNOWN)
