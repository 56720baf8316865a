"""Somebody asked for a capability.

Source: playbook section 2.
"""

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class CapabilityRequestedProperties(Properties, kw_only=True, gc=False):
    """What `capability.requested` carries."""

    product: str | None = None
    feature: str | None = None
    by_executive: bool = False


class CapabilityRequested(Event, tag="capability.requested", kw_only=True, gc=False):
    """One `capability.requested` event."""

    properties: CapabilityRequestedProperties = msgspec.field(default_factory=CapabilityRequestedProperties)


ROW = EventType(
    name="capability.requested",
    shape=CapabilityRequested,
    what="Somebody asked for a capability.",
    feeds="buying intent, cross-sell",
    fact=True,
)
