"""The tracking plan at work: what a named call means in our vocabulary.

Rows of the playbook are tried in their order; then a name that is one of our types passes through; any other name is a
use of the feature of that name, counted as unmapped. Source: playbook section 2 (tracking plan).
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.events import BY_NAME
from shared.kernel.playbook.accounts import TimeConstants
from shared.kernel.playbook.tracking import TrackingPlan, TrackingRow

REMEMBERED_NAMES = 16_384
CONTROL_PREFIX = "control."
DIRECT_ACCOUNT_PATH = "context.groupId"


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """What a name stands for. Shape: `row` when a row of the playbook said so; `unmapped` when nothing did."""

    type: str
    row: TrackingRow | None = None
    unmapped: bool = False


class Tracking:
    """The tracking plan with what was found out about names so far, in bounded memory.

    Errors: `ConfigurationError` when a row names a type that there is not.
    """

    def __init__(self, plan: TrackingPlan, time: TimeConstants) -> None:
        if wrong := [row.type for row in plan.rows if row.type not in BY_NAME]:
            raise ConfigurationError(f"tracking.rows: no event type is named {wrong[0]!r:.80}")
        self.plan = plan
        self.slot_ms = max(1, time.session_slot_minutes) * 60_000
        self.future_ms = time.future_clamp_minutes * 60_000
        self.other_account_paths = tuple(
            (path, _marker(path)) for path in plan.account_paths if path != DIRECT_ACCOUNT_PATH
        )
        self._meanings: dict[str, Meaning] = {}

    def meaning_of(self, name: str) -> Meaning | None:
        """Return what an event name means, or nothing when the name is reserved for control records."""
        meaning = self._meanings.get(name)
        if meaning is not None:
            return meaning
        if name.startswith(CONTROL_PREFIX):
            return None
        meaning = self._look_up(name)
        if len(self._meanings) >= REMEMBERED_NAMES:
            self._meanings.clear()
        self._meanings[name] = meaning
        return meaning

    def _look_up(self, name: str) -> Meaning:
        for row in self.plan.rows:
            if fnmatchcase(name, row.match):
                return Meaning(row.type, row=row)
        if name in BY_NAME:
            return Meaning(name)
        return Meaning(self.plan.unmapped_type, unmapped=True)


def properties_by_row(row: TrackingRow, call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that a row makes of a call; a path that leads nowhere gives no property."""
    properties: dict[str, Any] = dict(row.constants)
    for ours, path in row.properties.items():
        value = value_at(call, path)
        if value is not None:
            properties[ours] = value
    return properties


def properties_from_traits(mapping: Mapping[str, str], traits: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that reserved traits give; null stays null, because it clears a fact (definition 10)."""
    properties = {ours: traits[trait] for trait, ours in mapping.items() if trait in traits}
    employees = properties.get("employees")
    if isinstance(employees, str) and employees.isascii() and employees.isdigit():
        properties["employees"] = int(employees)  # Segment's specification has it as text
    return properties


def value_at(call: Mapping[str, Any], path: str) -> Any:
    """Return what a dotted path leads to in a call, or None."""
    value: Any = call
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _marker(path: str) -> bytes | None:
    """Return bytes that the properties hold whenever the path leads somewhere, if the path lies in them."""
    first, _, rest = path.partition(".")
    return f'"{rest.split(".")[0]}"'.encode() if first == "properties" and rest else None
