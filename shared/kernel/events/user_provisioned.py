"""A user was given a seat.

Source: playbook section 2, definition 77.
"""

import msgspec

from shared.kernel.events.envelope import Event, EventType, Name, Properties


class UserProvisionedProperties(Properties, kw_only=True, gc=False):
    """What `user.provisioned` carries."""

    department: Name | None = None
    role: str | None = None
    email: str | None = None


class UserProvisioned(Event, tag="user.provisioned", kw_only=True, gc=False):
    """One `user.provisioned` event."""

    properties: UserProvisionedProperties = msgspec.field(default_factory=UserProvisionedProperties)


ROW = EventType(
    name="user.provisioned",
    shape=UserProvisioned,
    what="A user was given a seat.",
    feeds="seats, dormant users",
)
