"""What a field of the playbook may hold, in words: for the reference page and for what is said of a wrong value."""

from collections.abc import Callable
from typing import Any

import msgspec

from shared.kernel.playbook.bounds import PATTERNS

__all__ = ["allowed_words"]


def allowed_words(info: msgspec.inspect.Type) -> str:
    """Return what a type allows. Shape: fixed values stand in backquotes."""
    if isinstance(info, msgspec.inspect.Metadata):
        return allowed_words(info.type)
    return _WORDS[type(info)](info)


def _number(info: Any) -> str:
    what = "whole number" if isinstance(info, msgspec.inspect.IntType) else "number"
    return what if info.ge is None else f"{what} {info.ge:,.0f} to {info.le:,.0f}"


_WORDS: dict[type[msgspec.inspect.Type], Callable[[Any], str]] = {
    msgspec.inspect.UnionType: lambda info: " or ".join(dict.fromkeys(allowed_words(inner) for inner in info.types)),
    msgspec.inspect.IntType: _number,
    msgspec.inspect.FloatType: _number,
    msgspec.inspect.StrType: lambda info: PATTERNS.get(info.pattern, "text"),
    msgspec.inspect.BoolType: lambda _info: "true or false",
    msgspec.inspect.NoneType: lambda _info: "null",
    msgspec.inspect.LiteralType: lambda info: ", ".join(f"`{value}`" for value in info.values),
    msgspec.inspect.VarTupleType: lambda info: f"list of {allowed_words(info.item_type)}",
    msgspec.inspect.TupleType: lambda info: f"list of {len(info.item_types)}: {allowed_words(info.item_types[0])}",
    msgspec.inspect.DictType: lambda info: (
        f"mapping of {allowed_words(info.key_type)} to {allowed_words(info.value_type)}"
    ),
    msgspec.inspect.StructType: lambda info: f"mapping with {', '.join(field.name for field in info.fields)}",
}
