"""A feature was used; with `metric` the quantity also counts towards that metric.

Source: playbook section 2, definition 75.
"""

from shared.kernel.events.envelope import Event, EventType, Name, Properties, Quantity, check_quantity
from shared.kernel.quantities import LARGEST


class FeatureUsedProperties(Properties, kw_only=True, gc=False):
    """What `feature.used` carries."""

    feature: Name
    quantity: Quantity = 1
    metric: Name | None = None

    def __post_init__(self) -> None:
        """Refuse quantities that mean nothing. Errors: `ValueError` that names the field."""
        if type(self.quantity) is not int or not 0 <= self.quantity <= LARGEST:  # the common case needs no call
            check_quantity("quantity", self.quantity)


class FeatureUsed(Event, tag="feature.used", kw_only=True, gc=False):
    """One `feature.used` event."""

    properties: FeatureUsedProperties


ROW = EventType(
    name="feature.used",
    shape=FeatureUsed,
    what="A feature was used; with `metric` the quantity also counts towards that metric.",
    feeds="adoption, power users, gated",
)
