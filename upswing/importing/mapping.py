"""The mapping: one YAML file that says what each column of each file means in our vocabulary.

A mapping holds no SQL and no expressions: names of columns, constants, tables of translations and a fixed list of
conversions, so one that a stranger wrote can at worst misread the files it is given.
Errors: `ConfigurationError` with file, field, found and allowed.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

import msgspec

from services.ingest.core.dialects import DIALECTS
from shared.io.playbooks import parse_yaml
from shared.kernel.errors import ConfigurationError
from shared.kernel.events import BY_NAME

Scalar = str | int | float | bool | None
Cast = Literal["text", "upper", "integer", "number", "boolean", "list", "date", "json"]
Unit = Literal["seconds", "milliseconds", "microseconds"]
HOURS = 24


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"cast": "as"}):
    """Where one property comes from.

    Shape: `column` may name several, the first that is not blank counts; `rest` is an object of all columns but those
    that these patterns match, with those of `numbers` as
    numbers also where the file has text. Units: `unit` is that of a number that stands for a time.
    """

    column: str | list[str] | None = None
    constant: Scalar | list[Any] | dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    rest: list[str] | None = None
    numbers: list[str] = []
    values: dict[str, Scalar] | None = None
    cast: Cast = "text"
    blank: Scalar | msgspec.UnsetType = msgspec.UNSET
    unit: Unit | None = None
    zone: str = "UTC"
    times: "list[str | int | float | Value]" = []
    over: "list[str | int | float | Value]" = []


Source = str | Value


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When it happened. Shape: `zone` is that of stamps that name none. Units: `unit` is that of plain numbers."""

    column: str | list[str]
    zone: str = "UTC"
    unit: Unit = "milliseconds"


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"not_": "not"}):
    """Which rows are kept: by a pattern of the text (`*` is anything), by what it is not, or by its size."""

    like: str | None = None
    not_: list[str] | None = None
    at_least: float | None = None
    at_most: float | None = None


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The row of another file whose `key` equals `column` of this one (which may itself be joined)."""

    file: str
    key: str
    column: str


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of event, or one kind of call, made of a file's rows.

    Shape: with `type` a row becomes an event with `properties`; with `dialect` it becomes an item of that dialect with
    the fields of `item` (a dot nests), which is read as if it were live. `id` names the row, else its content does.
    `optional` are columns that may be missing; an entry that is not `needed` is passed over when its file is missing.
    """

    file: str
    time: str | Time
    type: str | None = None
    dialect: str | None = None
    account: str | None = None
    id: str | None = None
    user: str | None = None
    join: dict[str, Join] = {}
    when: dict[str, list[str] | Literal["present", "blank"] | Condition] = {}
    properties: dict[str, Source] = {}
    item: dict[str, Source] = {}
    optional: list[str] = []
    needed: bool = True


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mapping. Shape: `playbook` is a file relative to the mapping; `source` is what events say they come from."""

    name: str
    what: str
    events: list[Entry]
    playbook: str | None = None
    source: str | None = None
    tick_hours: int = HOURS
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
    if problems := list(_problems(mapping)):
        raise ConfigurationError(f"mapping {name}: {'; '.join(problems)}")
    return mapping


def time_of(entry: Entry) -> Time:
    """Return an entry's time in its long form."""
    return Time(entry.time) if isinstance(entry.time, str) else entry.time


def values_of(source: str | float | Value) -> Iterator[Value]:
    """Yield a value in its long form, with those that it is computed with."""
    if isinstance(source, str):
        yield Value(column=source)
    elif isinstance(source, Value):
        yield source
        for other in (*source.times, *source.over):
            yield from values_of(other)


def columns_of_value(value: Value) -> list[str]:
    """Return the columns that a value names."""
    return [] if value.column is None else [value.column] if isinstance(value.column, str) else list(value.column)


def columns_of(entry: Entry) -> Iterator[str]:
    """Yield the columns that an entry reads: of its own file, or `alias.column` of a joined one, paths left out."""
    when = time_of(entry).column
    yield from [when] if isinstance(when, str) else when
    yield from (column for column in (entry.account, entry.id, entry.user) if column is not None)
    yield from (join.column for join in entry.join.values())
    yield from entry.when
    for source in (*entry.properties.values(), *entry.item.values()):
        for value in values_of(source):
            yield from columns_of_value(value)


def split_column(entry: Entry, reference: str) -> tuple[str | None, str, str | None]:
    """Return the alias, the column and the path inside its JSON that a reference names."""
    reference, _, path = reference.partition("->")
    alias, dot, rest = reference.partition(".")
    if dot and alias in entry.join:
        return alias, rest.strip(), path.strip() or None
    return None, reference.strip(), path.strip() or None


@cache
def _zones() -> frozenset[str]:
    """Return the names of time zones: asking for them reads a folder, and a mapping names many."""
    return frozenset(available_timezones())


def _problems(mapping: Mapping) -> Iterator[str]:
    if not mapping.events:
        yield "events: found none, at least one is needed"
    if not 1 <= mapping.tick_hours <= HOURS:
        yield f"tick_hours: found {mapping.tick_hours}, allowed is 1 to 24"
    for place, entry in enumerate(mapping.events):
        path = f"events.{place}"
        yield from _wrong_kind(entry, path)
        yield from _wrong_values(entry, path)
        if entry.type in BY_NAME:
            yield from _wrong_properties(entry, path)


def _wrong_kind(entry: Entry, path: str) -> Iterator[str]:
    if (entry.type is None) == (entry.dialect is None):
        yield f"{path}: exactly one of type and dialect is needed"
    if entry.type is not None and entry.type not in BY_NAME:
        yield f"{path}.type: found {entry.type!r}, allowed is an event type: {', '.join(sorted(BY_NAME))}"
    if entry.type is not None and entry.account is None:
        yield f"{path}.account: found nothing, a column that names the account is needed"
    if entry.type is not None and entry.item:
        yield f"{path}.item: belongs to entries with a dialect, those with a type have properties"
    names = sorted(dialect.name for dialect in DIALECTS)
    if entry.dialect is not None and entry.dialect not in names:
        yield f"{path}.dialect: found {entry.dialect!r}, allowed is a client dialect: {', '.join(names)}"
    for field in ("account", "id", "user", "properties"):
        if entry.dialect is not None and getattr(entry, field):
            yield f"{path}.{field}: belongs to entries with a type, those with a dialect have it in item"
    if time_of(entry).zone not in _zones():
        yield f"{path}.time.zone: found {time_of(entry).zone!r}, allowed is a name such as UTC or Europe/Berlin"


def _wrong_values(entry: Entry, path: str) -> Iterator[str]:
    for field in ("properties", "item"):
        for name, source in getattr(entry, field).items():
            for value in values_of(source):
                given = [value.column is not None, value.constant is not msgspec.UNSET, value.rest is not None]
                if sum(given) != 1:
                    yield f"{path}.{field}.{name}: exactly one of column and constant (or rest) is needed"
                if value.zone not in _zones():
                    yield f"{path}.{field}.{name}.zone: found {value.zone!r}, allowed is a name such as Europe/Berlin"


def _wrong_properties(entry: Entry, path: str) -> Iterator[str]:
    hints = BY_NAME[entry.type or ""].shape.__annotations__.get("properties")
    known = set(getattr(hints, "__struct_fields__", ()))
    if unknown := [f"{path}.properties.{name}" for name in entry.properties if name not in known]:
        yield f"{', '.join(unknown)}: {entry.type} has no such property; it has: {', '.join(sorted(known))}"
