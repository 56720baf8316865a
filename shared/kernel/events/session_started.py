"""A user began a session.

Source: playbook section 2, definition 2.
"""

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class SessionStarted(Event, tag="session.started", kw_only=True, gc=False):
    """One `session.started` event."""

    properties: Properties = msgspec.field(default_factory=Properties)


ROW = EventType(
    name="session.started",
    shape=SessionStarted,
    what="A user began a session.",
    feeds="active users, logins",
)
