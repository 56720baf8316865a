"""A stakeholder joined.

Source: playbook section 2.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Properties


class StakeholderAddedProperties(Properties, kw_only=True, gc=False):
    """What `stakeholder.added` carries."""

    role: Literal["executive", "user", "buyer"]


class StakeholderAdded(Event, tag="stakeholder.added", kw_only=True, gc=False):
    """One `stakeholder.added` event."""

    properties: StakeholderAddedProperties


ROW = EventType(
    name="stakeholder.added",
    shape=StakeholderAdded,
    what="A stakeholder joined.",
    feeds="stakeholders, buying",
    fact=True,
)
