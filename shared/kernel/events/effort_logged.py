"""Work spent on an expansion.

Source: playbook section 2.
"""

from shared.kernel.events.envelope import Event, EventType, Properties, Quantity, check_quantity


class EffortLoggedProperties(Properties, kw_only=True, gc=False):
    """What `effort.logged` carries."""

    hours: Quantity
    cost: Quantity = 0
    csql_id: str | None = None
    play: str | None = None

    def __post_init__(self) -> None:
        """Refuse quantities that mean nothing. Errors: `ValueError` that names the field."""
        check_quantity("hours", self.hours)
        check_quantity("cost", self.cost)


class EffortLogged(Event, tag="effort.logged", kw_only=True, gc=False):
    """One `effort.logged` event."""

    properties: EffortLoggedProperties


ROW = EventType(
    name="effort.logged",
    shape=EffortLogged,
    what="Work spent on an expansion.",
    feeds="expansion CAC",
    fact=True,
)
