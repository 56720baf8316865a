"""The table of event types, from their rows.

Source: playbook section 2.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from shared.kernel.events import EVENT_TYPES
from shared.kernel.events.envelope import EventType, Properties

__all__ = ["event_types"]

FOLDED = "account.updated"  # has too many properties for a cell; they get a table of their own
COMMON = frozenset(Properties.__struct_fields__)
QUANTITY = frozenset({inspect.IntType, inspect.FloatType, inspect.StrType})
INSTANT = frozenset({inspect.IntType, inspect.StrType})
NUMBER = frozenset({inspect.IntType, inspect.FloatType})
NOTHING = frozenset({inspect.NoneType})


def event_types() -> str:
    """Return the table of event types, and that of the facts of an account, as Markdown."""
    table = ["| type | what | properties | feeds | `account.facts` |", "|---|---|---|---|---|"]
    table += [_row(row) for row in EVENT_TYPES]
    facts = next(row for row in EVENT_TYPES if row.name == FOLDED)
    table += ["", f"Properties of `{FOLDED}`, all optional:", "", "| property | allowed |", "|---|---|"]
    table += [f"| `{field.name}` | {_allowed(field.type)} |" for field in _fields(facts)]
    return "\n".join(table)


def _row(row: EventType) -> str:
    what = row.what.rstrip(".")
    properties = "below" if row.name == FOLDED else "<br>".join(map(_property, _fields(row))) or "none"
    return f"| `{row.name}` | {what} | {properties} | {row.feeds} | {'yes' if row.fact else 'no'} |"


def _fields(row: EventType) -> Iterator[inspect.Field]:
    shape: Any = inspect.type_info(row.shape)
    (properties,) = (field.type for field in shape.fields if field.name == "properties")
    yield from (field for field in properties.fields if field.name not in COMMON)


def _property(field: inspect.Field) -> str:
    return f"`{field.name}`{'' if field.required else '?'} {_allowed(field.type)}{_default(field.default)}"


def _default(value: object) -> str:
    plain = value is not msgspec.NODEFAULT and value is not None and not isinstance(value, msgspec.UnsetType)
    return f", else {msgspec.json.encode(value).decode()}" if plain and value != [] else ""


def _allowed(info: inspect.Type) -> str:
    return _WORDS.get(type(info), lambda _info: "number")(info)


def _text(info: Any) -> str:
    return "text" if info.max_length is None else f"text of {info.min_length}–{info.max_length}"


def _union(info: Any) -> str:
    types = [inner for inner in info.types if type(inner) not in NOTHING]
    kinds = frozenset(type(inner) for inner in types)
    for known, word in ((QUANTITY, "quantity"), (INSTANT, "instant"), (NUMBER, "number")):
        if kinds == known:
            return word
    return " or ".join(_allowed(inner) for inner in types)


def _whole_number(info: Any) -> str:
    bounds = "" if info.ge is None else f" from {info.ge}" if info.le is None else f" {info.ge} to {info.le}"
    return f"whole number{bounds}"


_WORDS: dict[type[inspect.Type], Callable[[Any], str]] = {
    inspect.Metadata: lambda info: _allowed(info.type),
    inspect.UnionType: _union,
    inspect.LiteralType: lambda info: " ".join(f"`{value}`" for value in info.values),
    inspect.ListType: lambda info: f"list of {_allowed(info.item_type)}",
    inspect.DictType: lambda info: f"mapping of {_allowed(info.key_type)} to {_allowed(info.value_type)}",
    inspect.StrType: _text,
    inspect.IntType: _whole_number,
    inspect.BoolType: lambda _info: "true or false",
}
