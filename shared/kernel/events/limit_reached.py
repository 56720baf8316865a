"""The product refused an action because a limit was reached.

Source: playbook section 2, definition 44.
"""

from shared.kernel.events.envelope import Event, EventType, Name, Properties


class LimitReachedProperties(Properties, kw_only=True, gc=False):
    """What `limit.reached` carries."""

    metric: Name


class LimitReached(Event, tag="limit.reached", kw_only=True, gc=False):
    """One `limit.reached` event."""

    properties: LimitReachedProperties


ROW = EventType(
    name="limit.reached",
    shape=LimitReached,
    what="The product refused an action because a limit was reached.",
    feeds="limits",
)
