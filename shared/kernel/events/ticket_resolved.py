"""A support ticket was resolved.

Source: playbook section 2.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Name, Properties


class TicketResolvedProperties(Properties, kw_only=True, gc=False):
    """What `ticket.resolved` carries."""

    ticket_id: Name
    severity: Literal["low", "normal", "high", "urgent"] = "normal"
    topic: str | None = None


class TicketResolved(Event, tag="ticket.resolved", kw_only=True, gc=False):
    """One `ticket.resolved` event."""

    properties: TicketResolvedProperties


ROW = EventType(
    name="ticket.resolved",
    shape=TicketResolved,
    what="A support ticket was resolved.",
    feeds="support",
    fact=True,
)
