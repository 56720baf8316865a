"""The champion was promoted, moved or left.

Source: playbook section 2.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Properties


class ChampionChangedProperties(Properties, kw_only=True, gc=False):
    """What `champion.changed` carries."""

    change: Literal["promoted", "moved", "moved_away", "left"]
    person: str | None = None


class ChampionChanged(Event, tag="champion.changed", kw_only=True, gc=False):
    """One `champion.changed` event."""

    properties: ChampionChangedProperties


ROW = EventType(
    name="champion.changed",
    shape=ChampionChanged,
    what="The champion was promoted, moved or left.",
    feeds="stakeholders",
    fact=True,
)
