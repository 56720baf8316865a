"""A support ticket was opened; a reopened one counts again.

Source: playbook section 2, definition 54.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Name, Properties


class TicketOpenedProperties(Properties, kw_only=True, gc=False):
    """What `ticket.opened` carries."""

    ticket_id: Name
    severity: Literal["low", "normal", "high", "urgent"] = "normal"
    topic: str | None = None


class TicketOpened(Event, tag="ticket.opened", kw_only=True, gc=False):
    """One `ticket.opened` event."""

    properties: TicketOpenedProperties


ROW = EventType(
    name="ticket.opened",
    shape=TicketOpened,
    what="A support ticket was opened; a reopened one counts again.",
    feeds="support",
    fact=True,
)
