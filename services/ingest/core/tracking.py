"""The tracking plan at work: what a named call means in our vocabulary.

Rows of the playbook are tried in their order, and the first that takes a name decides: one call is one event, because a
second one would have the same id and count for nothing. Then a name that is one of our types passes through; any other
name is a use of the feature of that name, counted as unmapped. Source: playbook section 2 (tracking plan).
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.events import BY_NAME
from shared.kernel.playbook.accounts import TimeConstants
from shared.kernel.playbook.names import takes
from shared.kernel.playbook.tracking import TrackingPlan, TrackingRow

REMEMBERED_NAMES = 16_384
CONTROL_PREFIX = "control."
DIRECT_ACCOUNT_PATH = "context.groupId"
MENTION = "mentions_competitor"
MENTION_BYTES = MENTION.encode()
Path = tuple[str, ...]


class Recipe(msgspec.Struct, frozen=True, gc=False):
    """A row made ready: how the properties of its events come about.

    Shape: `fixed` are the constants as JSON, and all there is without `paths`; `shallow` says that no path leads out of
    the call's `properties`, so that these are all that must be read.
    """

    constants: dict[str, Any]
    fixed: bytes
    paths: tuple[tuple[str, tuple[Path, ...]], ...]
    shallow: bool

    def properties(self, given: bytes | msgspec.Raw, whole: Callable[[], Mapping[str, Any]]) -> bytes:
        """Return the properties of an event as JSON.

        Shape: `given` are the call's properties, `whole` returns the whole call; a path that leads nowhere gives no
        property, and null is nowhere. Errors: `UNREADABLE` for properties that are none.
        """
        given = bytes(given)
        mentioned = MENTION_BYTES in given
        if not self.paths and not mentioned:
            return self.fixed
        call = {"properties": msgspec.json.decode(given)} if self.shallow else whole()
        found = dict(self.constants)
        for ours, paths in self.paths:
            for path in paths:
                value = _at(call, path)
                if value is not None:
                    found[ours] = value
                    break
        if mentioned and MENTION not in found and (said := _at(call, ("properties", MENTION))) is not None:
            found[MENTION] = said
        return msgspec.json.encode(found)


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """What a name stands for.

    Shape: `row` and `recipe` when a row of the playbook said so, `unmapped` when nothing did; `ignored` calls are taken
    and make no event.
    """

    type: str
    row: TrackingRow | None = None
    recipe: Recipe | None = None
    unmapped: bool = False
    ignored: bool = False


class Tracking:
    """The tracking plan with what was found out about names so far, in bounded memory.

    Errors: `ConfigurationError` when a row names a type that there is not.
    """

    def __init__(self, plan: TrackingPlan, time: TimeConstants) -> None:
        self.plan = plan
        self.slot_ms = max(1, time.session_slot_minutes) * 60_000
        self.future_ms = time.future_clamp_minutes * 60_000
        self.other_account_paths = tuple(
            (path, _marker(path)) for path in plan.account_paths if path != DIRECT_ACCOUNT_PATH
        )
        self._rows = [(row.names, _meaning_by(row)) for row in plan.rows]
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
        for names, meaning in self._rows:
            if takes(names, name):
                return meaning
        if name in BY_NAME:
            return Meaning(name)
        return Meaning(self.plan.unmapped_type, unmapped=True)


def _meaning_by(row: TrackingRow) -> Meaning:
    if row.ignore:
        return Meaning("", row=row, ignored=True)
    if row.type not in BY_NAME:
        raise ConfigurationError(f"tracking.rows: no event type is named {row.type!r:.80}")
    paths = tuple((ours, tuple(tuple(path.split(".")) for path in paths)) for ours, paths in row.paths.items())
    shallow = all(path[0] == "properties" and len(path) > 1 for _, several in paths for path in several)
    constants = dict(row.constants)
    return Meaning(row.type, row=row, recipe=Recipe(constants, msgspec.json.encode(constants), paths, shallow))


def properties_from_traits(mapping: Mapping[str, str], traits: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that reserved traits give; null stays null, because it clears a fact (definition 10).

    Shape: a trait with dots that is not there by its whole name is a path into the traits, as in `address.country`.
    """
    properties = {ours: traits[trait] for trait, ours in mapping.items() if trait in traits}
    for trait, ours in mapping.items():
        if "." in trait and ours not in properties and (value := value_at(traits, trait)) is not None:
            properties[ours] = value
    employees = properties.get("employees")
    if isinstance(employees, str) and employees.isascii() and employees.isdigit():
        properties["employees"] = int(employees)  # Segment's specification has it as text
    return properties


def value_at(call: Mapping[str, Any], path: str) -> Any:
    """Return what a dotted path leads to in a call, or None."""
    return _at(call, path.split("."))


def _at(value: Any, path: Path | list[str]) -> Any:
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _marker(path: str) -> bytes | None:
    """Return bytes that the properties hold whenever the path leads somewhere, if the path lies in them."""
    first, _, rest = path.partition(".")
    return f'"{rest.split(".")[0]}"'.encode() if first == "properties" and rest else None
