"""A gauge was read: storage, contacts, anything that has a level.

Source: playbook section 2, definition 12.
"""

from shared.kernel.events.envelope import Event, EventType, Name, Properties, Quantity, check_quantity


class UsageReportedProperties(Properties, kw_only=True, gc=False):
    """What `usage.reported` carries."""

    metric: Name
    level: Quantity

    def __post_init__(self) -> None:
        """Refuse quantities that mean nothing. Errors: `ValueError` that names the field."""
        check_quantity("level", self.level)


class UsageReported(Event, tag="usage.reported", kw_only=True, gc=False):
    """One `usage.reported` event."""

    properties: UsageReportedProperties


ROW = EventType(
    name="usage.reported",
    shape=UsageReported,
    what="A gauge was read: storage, contacts, anything that has a level.",
    feeds="limits",
)
