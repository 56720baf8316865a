"""Texts without control characters: a database cannot hold NUL, and no reader sees any of them."""

import unicodedata
from typing import Any

import msgspec

from shared.kernel.triggers import Trigger

KEPT = "\t\n\r"
KEYS = frozenset({"trigger_id", "account_id"})


def printable(trigger: Trigger) -> Trigger:
    """Return a trigger whose texts hold no control characters beside white space; what names it stays as it is."""
    fields: dict[str, Any] = msgspec.to_builtins(trigger)
    shown = {name: value if name in KEYS else _strip(value) for name, value in fields.items()}
    return msgspec.convert(shown, Trigger)


def _strip(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else "".join(filter(_is_kept, value))
    if isinstance(value, dict):
        return {_strip(name): _strip(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strip(one) for one in value]
    return value


def _is_kept(character: str) -> bool:
    return character in KEPT or unicodedata.category(character) != "Cc"
