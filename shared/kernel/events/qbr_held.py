"""A quarterly business review took place.

Source: playbook section 2.
"""

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class QbrHeldProperties(Properties, kw_only=True, gc=False):
    """What `qbr.held` carries."""

    unmet_needs: list[str] = []
    attendees: list[str] | int | None = None


class QbrHeld(Event, tag="qbr.held", kw_only=True, gc=False):
    """One `qbr.held` event."""

    properties: QbrHeldProperties = msgspec.field(default_factory=QbrHeldProperties)


ROW = EventType(
    name="qbr.held",
    shape=QbrHeld,
    what="A quarterly business review took place.",
    feeds="QBR outcome, cadence",
    fact=True,
)
