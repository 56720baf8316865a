"""A user lost the seat.

Source: playbook section 2, definition 13.
"""

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class UserDeactivated(Event, tag="user.deactivated", kw_only=True, gc=False):
    """One `user.deactivated` event."""

    properties: Properties = msgspec.field(default_factory=Properties)


ROW = EventType(
    name="user.deactivated",
    shape=UserDeactivated,
    what="A user lost the seat.",
    feeds="seats, dormant users",
)
