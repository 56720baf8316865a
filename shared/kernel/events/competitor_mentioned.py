"""A competitor was mentioned.

Source: playbook section 2, definition 60.
"""

from typing import Literal

import msgspec

from shared.kernel.events.envelope import Event, EventType, Properties


class CompetitorMentionedProperties(Properties, kw_only=True, gc=False):
    """What `competitor.mentioned` carries."""

    where: Literal["ticket", "call", "crm"] = "crm"


class CompetitorMentioned(Event, tag="competitor.mentioned", kw_only=True, gc=False):
    """One `competitor.mentioned` event."""

    properties: CompetitorMentionedProperties = msgspec.field(default_factory=CompetitorMentionedProperties)


ROW = EventType(
    name="competitor.mentioned",
    shape=CompetitorMentioned,
    what="A competitor was mentioned.",
    feeds="contraction",
    fact=True,
)
