"""The customer reached an outcome.

Source: playbook section 2.
"""

from shared.kernel.events.envelope import Event, EventType, Name, Properties


class OutcomeAchievedProperties(Properties, kw_only=True, gc=False):
    """What `outcome.achieved` carries."""

    outcome: Name
    primary: bool = False


class OutcomeAchieved(Event, tag="outcome.achieved", kw_only=True, gc=False):
    """One `outcome.achieved` event."""

    properties: OutcomeAchievedProperties


ROW = EventType(
    name="outcome.achieved",
    shape=OutcomeAchieved,
    what="The customer reached an outcome.",
    feeds="success, activation",
    fact=True,
)
