"""The contract was renewed.

Source: playbook section 2, definition 31.
"""

from typing import Annotated

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class RenewalCompletedProperties(Properties, kw_only=True, gc=False):
    """What `renewal.completed` carries."""

    term_months: Annotated[int, msgspec.Meta(ge=1, le=120)] = 12


class RenewalCompleted(Event, tag="renewal.completed", kw_only=True, gc=False):
    """One `renewal.completed` event."""

    properties: RenewalCompletedProperties = msgspec.field(default_factory=RenewalCompletedProperties)


ROW = EventType(
    name="renewal.completed",
    shape=RenewalCompleted,
    what="The contract was renewed.",
    feeds="renewal",
    fact=True,
)
