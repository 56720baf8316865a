"""What makes the rules be looked at, and what comes of it: one record to emit.

Source: definitions 4, 5 and 33.
"""

from typing import Literal

import msgspec

from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.state import Episode
from shared.kernel.events.envelope import Event


class Cause(msgspec.Struct, frozen=True):
    """What made the rules be looked at: an event, or without one the change of a day.

    Units: instants in milliseconds; `at_ms` is the account's clock.
    """

    decided_by: str
    at_ms: int
    event_ms: int | None = None
    received_at: int | None = None
    event: Event | None = None


class Step(msgspec.Struct, frozen=True):
    """One record to emit: what happened to which episode, and the value that decided (None: not measured any more).

    Shape: `shown_scope` is what the record says instead of the episode's scope.
    """

    record: Literal["fired", "held", "released", "resolved"]
    row: RuleRow
    episode: Episode
    level: Level | None
    measure: Measure | None
    cause: Cause
    shown_scope: str | None = None
