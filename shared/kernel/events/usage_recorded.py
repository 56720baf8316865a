"""A metered quantity was consumed; it adds to the billing period.

Source: playbook section 2, definitions 12 and 45.
"""

from shared.kernel.events.envelope import Event, EventType, Name, Properties, Quantity, check_quantity
from shared.kernel.quantities import LARGEST


class UsageRecordedProperties(Properties, kw_only=True, gc=False):
    """What `usage.recorded` carries."""

    metric: Name
    quantity: Quantity
    cost: Quantity | None = None

    def __post_init__(self) -> None:
        """Refuse quantities that mean nothing. Errors: `ValueError` that names the field."""
        if type(self.quantity) is not int or not 0 <= self.quantity <= LARGEST:  # the common case needs no call
            check_quantity("quantity", self.quantity)
        if self.cost is not None:
            check_quantity("cost", self.cost)


class UsageRecorded(Event, tag="usage.recorded", kw_only=True, gc=False):
    """One `usage.recorded` event."""

    properties: UsageRecordedProperties


ROW = EventType(
    name="usage.recorded",
    shape=UsageRecorded,
    what="A metered quantity was consumed; it adds to the billing period.",
    feeds="limits, velocity, decline",
)
