"""The customer reached an adoption milestone.

Source: playbook section 2.
"""

from shared.kernel.events.envelope import Event, EventType, Name, Properties


class MilestoneReachedProperties(Properties, kw_only=True, gc=False):
    """What `milestone.reached` carries."""

    milestone: Name


class MilestoneReached(Event, tag="milestone.reached", kw_only=True, gc=False):
    """One `milestone.reached` event."""

    properties: MilestoneReachedProperties


ROW = EventType(
    name="milestone.reached",
    shape=MilestoneReached,
    what="The customer reached an adoption milestone.",
    feeds="success, activation",
    fact=True,
)
