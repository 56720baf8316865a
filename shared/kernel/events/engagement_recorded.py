"""The customer engaged with us.

Source: playbook section 2.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Properties


class EngagementRecordedProperties(Properties, kw_only=True, gc=False):
    """What `engagement.recorded` carries."""

    kind: Literal["reply", "training", "webinar", "community", "meeting"]


class EngagementRecorded(Event, tag="engagement.recorded", kw_only=True, gc=False):
    """One `engagement.recorded` event."""

    properties: EngagementRecordedProperties


ROW = EventType(
    name="engagement.recorded",
    shape=EngagementRecorded,
    what="The customer engaged with us.",
    feeds="engagement",
)
