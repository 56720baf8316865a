"""What makes the rules be looked at, and what comes of it: one record to emit.

Source: definitions 4, 5 and 33.
"""

from typing import Literal

from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.state import Episode
from shared.kernel.events.envelope import Event

Record = Literal["fired", "held", "released", "resolved"]


class Cause:
    """What made the rules be looked at: an event, or without one the change of a day.

    Units: instants in milliseconds; `at_ms` is the account's clock.
    """

    __slots__ = ("at_ms", "decided_by", "event", "event_ms", "received_at")

    def __init__(
        self,
        decided_by: str,
        at_ms: int,
        event_ms: int | None = None,
        received_at: int | None = None,
        event: Event | None = None,
    ) -> None:
        self.decided_by, self.at_ms, self.event_ms = decided_by, at_ms, event_ms
        self.received_at, self.event = received_at, event


class Step:
    """One record to emit: what happened to which episode, and the value that decided (None: not measured any more).

    Shape: `shown_scope` is what the record says instead of the episode's scope.
    """

    __slots__ = ("cause", "episode", "level", "measure", "record", "row", "shown_scope")

    def __init__(
        self,
        record: Record,
        row: RuleRow,
        episode: Episode,
        level: Level | None,
        measure: Measure | None,
        cause: Cause,
        shown_scope: str | None = None,
    ) -> None:
        self.record: Record = record
        self.row, self.episode, self.level = row, episode, level
        self.measure, self.cause, self.shown_scope = measure, cause, shown_scope
