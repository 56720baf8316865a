"""A person asked to be forgotten everywhere.

Source: playbook section 2, definition 67.
"""

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class UserErased(Event, tag="user.erased", kw_only=True, gc=False):
    """One `user.erased` event."""

    properties: Properties = msgspec.field(default_factory=Properties)


ROW = EventType(
    name="user.erased",
    shape=UserErased,
    what="A person asked to be forgotten everywhere.",
    feeds="seats, erasure",
    fact=True,
)
