"""The mapping: one YAML file that says what each column of each CSV file means in our vocabulary.

Shape of a value: a text is a column (`plan_tier`, or `account.plan_tier` in a joined file); otherwise a mapping with
`column` or `constant`, and optionally `values` (what each text means; `"*"` for any other), `as` (the type), `blank`
(what a blank cell means; else it is left out). Errors: `ConfigurationError` with path, found and allowed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from shared.io.playbooks import parse_yaml
from shared.kernel.errors import ConfigurationError
from shared.kernel.events import BY_NAME

Scalar = str | int | float | bool | None
Cast = Literal["text", "integer", "number", "boolean", "list"]


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"cast": "as"}):
    """Where one property comes from."""

    column: str | None = None
    constant: Scalar | list[Any] | dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    values: dict[str, Scalar] | None = None
    cast: Cast = "text"
    blank: Scalar | msgspec.UnsetType = msgspec.UNSET


Source = str | Value


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The row of another file whose `key` equals `column` of this one (which may itself be joined)."""

    file: str
    key: str
    column: str


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of event made of a file's rows.

    Shape: `when` keeps the rows whose column is one of the texts, or is `present` or `blank`; `id` names the row
    (else its line); `properties` go into the event. Units: times without offset are UTC.
    """

    file: str
    type: str
    time: str
    account: str
    id: str | None = None
    user: str | None = None
    join: dict[str, Join] = {}
    when: dict[str, list[str] | Literal["present", "blank"]] = {}
    properties: dict[str, Source] = {}


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mapping. Shape: `playbook` is a file relative to the mapping; `notes` are told before playing."""

    name: str
    what: str
    events: list[Entry]
    playbook: str | None = None
    tick_hours: int = 24
    notes: list[str] = []


def read_mapping(path: Path) -> Mapping:
    """Return the mapping in a file. Errors: `ConfigurationError` naming file and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"mapping: cannot read {path}: {getattr(error, 'strerror', error)}") from None
    return build_mapping(parse_yaml(text, f"mapping {path.name}"), path.name)


def build_mapping(data: Any, name: str = "mapping") -> Mapping:
    """Return the mapping that plain data describes. Errors: `ConfigurationError` naming the field."""
    try:
        mapping = msgspec.convert(data, Mapping)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        where = path.strip("`.") or "the whole file"
        raise ConfigurationError(f"mapping {name}: {where}: {message.replace('`', '')}") from None
    for problem in _problems(mapping):
        raise ConfigurationError(f"mapping {name}: {problem}")
    return mapping


def columns_of(mapping: Mapping) -> dict[str, set[str]]:
    """Return the columns that the mapping reads, by file."""
    needed: dict[str, set[str]] = {}
    for entry in mapping.events:
        needed.setdefault(entry.file, set())
        for join in entry.join.values():
            needed.setdefault(join.file, set()).add(join.key)
        for column in _columns(entry):
            alias, dot, rest = column.partition(".")
            if dot and alias in entry.join:
                needed[entry.join[alias].file].add(rest)
            else:
                needed[entry.file].add(column)
    return needed


def _columns(entry: Entry) -> Iterator[str]:
    yield from (column for column in (entry.time, entry.account, entry.id, entry.user) if column is not None)
    yield from (join.column for join in entry.join.values())
    yield from entry.when
    for source in entry.properties.values():
        column = source if isinstance(source, str) else source.column
        if column is not None:
            yield column


def _problems(mapping: Mapping) -> Iterator[str]:
    if not mapping.events:
        yield "events: found none, at least one is needed"
    if not 1 <= mapping.tick_hours <= 24:  # noqa: PLR2004 - hours of a day
        yield f"tick_hours: found {mapping.tick_hours}, allowed is 1 to 24"
    for place, entry in enumerate(mapping.events):
        path = f"events.{place}"
        if entry.type not in BY_NAME:
            yield f"{path}.type: found {entry.type!r}, allowed is an event type: {', '.join(sorted(BY_NAME))}"
            continue
        yield from _wrong_properties(entry, path)


def _wrong_properties(entry: Entry, path: str) -> Iterator[str]:
    hints = BY_NAME[entry.type].shape.__annotations__.get("properties")
    known = set(getattr(hints, "__struct_fields__", ()))
    for name, source in entry.properties.items():
        if name not in known:
            yield f"{path}.properties.{name}: {entry.type} has no such property; it has: {', '.join(sorted(known))}"
        if isinstance(source, Value) and (source.column is None) == (source.constant is msgspec.UNSET):
            yield f"{path}.properties.{name}: exactly one of column and constant is needed"
