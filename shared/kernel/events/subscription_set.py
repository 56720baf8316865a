"""The state of one subscription; the ledger derives the movement.

Source: playbook section 2.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Name, Properties, Quantity, check_quantity


class SubscriptionSetProperties(Properties, kw_only=True, gc=False):
    """What `subscription.set` carries."""

    subscription_id: Name
    mrr: Quantity
    currency: str
    plan: str | None = None
    status: str = "active"
    started_on: str | None = None
    ended_on: str | None = None
    reason: str | None = None
    churn_category: Literal["product", "process", "adoption", "timing"] | None = None

    def __post_init__(self) -> None:
        """Refuse quantities that mean nothing. Errors: `ValueError` that names the field."""
        check_quantity("mrr", self.mrr)


class SubscriptionSet(Event, tag="subscription.set", kw_only=True, gc=False):
    """One `subscription.set` event."""

    properties: SubscriptionSetProperties


ROW = EventType(
    name="subscription.set",
    shape=SubscriptionSet,
    what="The state of one subscription; the ledger derives the movement.",
    feeds="revenue ledger",
    fact=True,
)
