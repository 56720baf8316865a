"""A feature was tried that the plan does not hold.

Source: playbook section 2.
"""

from shared.kernel.events.envelope import Event, EventType, Name, Properties


class FeatureBlockedProperties(Properties, kw_only=True, gc=False):
    """What `feature.blocked` carries."""

    feature: Name


class FeatureBlocked(Event, tag="feature.blocked", kw_only=True, gc=False):
    """One `feature.blocked` event."""

    properties: FeatureBlockedProperties


ROW = EventType(
    name="feature.blocked",
    shape=FeatureBlocked,
    what="A feature was tried that the plan does not hold.",
    feeds="gated",
)
