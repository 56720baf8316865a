"""Somebody looked at the pricing.

Source: playbook section 2.
"""

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class PricingViewedProperties(Properties, kw_only=True, gc=False):
    """What `pricing.viewed` carries."""

    plan: str | None = None


class PricingViewed(Event, tag="pricing.viewed", kw_only=True, gc=False):
    """One `pricing.viewed` event."""

    properties: PricingViewedProperties = msgspec.field(default_factory=PricingViewedProperties)


ROW = EventType(
    name="pricing.viewed",
    shape=PricingViewed,
    what="Somebody looked at the pricing.",
    feeds="buying intent, cross-sell",
)
