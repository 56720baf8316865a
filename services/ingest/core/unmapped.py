"""Names that no row of the tracking plan maps: counted by source and day, in bounded memory.

Source: playbook section 2 (tracking plan).
"""

from typing import Any

import msgspec

from services.ingest.core.validate import UNREADABLE
from shared.kernel.clock import DAY_MS
from shared.kernel.tallies import UnmappedTally

MOST_NAMES = 1_000  # a day, of all sources together: about 1 KB each, 4 KB at worst
MOST_PROPERTIES = 24
MOST_PROPERTY_CHARS = 64
SEEN_CLOSELY = 8  # the properties of so many calls of a name are looked into, and those of every 64th after them
EVERY = 64
JSON_TYPES: dict[type, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    list: "list",
    dict: "object",
    type(None): "null",
}


class _Count:
    """One name of one source on one day. Shape: `written` is the count when it was last written."""

    __slots__ = ("count", "example", "properties", "since", "until", "written")

    def __init__(self, now_ms: int, example: str) -> None:
        self.count = self.written = 0
        self.since = self.until = now_ms
        self.example = example
        self.properties: dict[str, set[str]] = {}

    def look_into(self, properties: bytes | msgspec.Raw) -> None:
        try:
            found: Any = msgspec.json.decode(properties)
        except UNREADABLE:
            return
        for name, value in found.items() if isinstance(found, dict) else ():
            types = self.properties.get(name)
            if types is None:
                if len(self.properties) >= MOST_PROPERTIES or len(name) > MOST_PROPERTY_CHARS:
                    continue
                types = self.properties[name] = set()
            types.add(JSON_TYPES[type(value)])


class Unmapped:
    """The names that one process met. Shape: beyond `MOST_NAMES` of a day, all others of a source are one count."""

    def __init__(self, process: str = "") -> None:
        self.process = process
        self._counts: dict[tuple[str, str | None], _Count] = {}
        self._day = -1
        self._day_ends = 0
        self._ended: list[UnmappedTally] = []

    def __len__(self) -> int:
        return len(self._counts)

    def note(self, source: str, name: str, event_id: str, properties: bytes | msgspec.Raw, now_ms: int) -> None:
        """Count one call of a name."""
        if now_ms >= self._day_ends:
            self._begin_day(now_ms)
        found = self._counts.get((source, name))
        if found is None:
            found = self._begin(source, name, event_id, now_ms)
        found.count += 1
        found.until = now_ms
        if found.count <= SEEN_CLOSELY or not found.count % EVERY:
            found.look_into(properties)

    def changed(self, _now_ms: int) -> list[UnmappedTally]:
        """Return the counts that are others than when this was last asked."""
        changed, self._ended = self._ended, []
        return changed + self._written()

    def _written(self) -> list[UnmappedTally]:
        tallies = []
        for (source, name), found in self._counts.items():
            if found.count == found.written:
                continue
            found.written = found.count
            tallies.append(
                UnmappedTally(
                    process=self.process,
                    source=source,
                    day=self._day,
                    name=name,
                    count=found.count,
                    since=found.since,
                    until=found.until,
                    properties={each: tuple(sorted(types)) for each, types in found.properties.items()},
                    example=found.example,
                )
            )
        return tallies

    def _begin_day(self, now_ms: int) -> None:
        self._ended += self._written()
        self._counts = {}
        self._day = now_ms // DAY_MS
        self._day_ends = (self._day + 1) * DAY_MS

    def _begin(self, source: str, name: str, event_id: str, now_ms: int) -> _Count:
        key: tuple[str, str | None] = (source, name)
        if len(self._counts) >= MOST_NAMES:
            key = (source, None)
            if (rest := self._counts.get(key)) is not None:
                return rest
        found = self._counts[key] = _Count(now_ms, event_id)
        return found
