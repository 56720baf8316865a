"""Every place of plain data that is not what the playbook's types ask for, each in one plain sentence.

Shape: a sentence is the path, what was found and what is allowed. Source: definition 74.
"""

import difflib
import math
import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from shared.kernel.playbook.words import allowed_words

__all__ = ["misfits"]

SHOWN_CHARS = 60
LISTED_NAMES = 12
_TWICE = re.compile(r"whole (number [\d,]+ to [\d,]+) or \1")  # what may be whole or not is simply a number
Child = tuple[Any, Any, str]


def misfits(kind: Any, value: Any, path: str = "", *, computed: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield a sentence for each place where `value` is not a `kind`; `computed` fields are not to be written."""
    if fits(kind, value):
        return
    told = False
    for sentence in _names(kind, value, path, computed):
        told = True
        yield sentence
    for inner, below, name in _children(kind, value):
        for sentence in misfits(inner, below, f"{path}.{name}".strip("."), computed=computed):
            told = True
            yield sentence
    if not told:
        yield f"{path or 'the whole file'}: found {_shown(kind, value)}, allowed is {_allowed(kind)}"


def fits(kind: Any, value: Any) -> bool:
    """Return whether a value is of a kind, whatever lies within it."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _names(kind: Any, value: Any, path: str, computed: frozenset[str]) -> Iterator[str]:
    """Yield a sentence for each field that a part does not know, and for each that it lacks.

    Shape: what holds none of a part's fields is something else that was misplaced; what it lacks then says nothing.
    """
    for part in _parts(kind):
        if not isinstance(value, Mapping):
            continue
        known = [name for name in part.__struct_fields__ if name not in computed]
        where = f"{path}." if path else ""
        for name in value:
            if name not in part.__struct_fields__:
                yield f"{where}{name}: nothing has this name here; {_advice(str(name), known)}"
        if path and value and not any(name in known for name in value):
            continue
        hints = get_type_hints(part, include_extras=True)
        for field in msgspec.structs.fields(part):
            if field.required and field.name not in value:
                yield f"{where}{field.name}: is missing, allowed is {_allowed(hints[field.name])}"


def _parts(kind: Any) -> list[type[msgspec.Struct]]:
    if get_origin(kind) in (Union, types.UnionType):
        return [part for arm in get_args(kind) for part in _parts(arm)]
    return [kind] if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else []


def _children(kind: Any, value: Any) -> list[Child]:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _children(args[0], value)
    if origin in (Union, types.UnionType):
        return [child for arm in args for child in _children(arm, value)] if isinstance(value, dict | list) else []
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        hints = get_type_hints(kind, include_extras=True)
        return [(hints[name], value[name], name) for name in kind.__struct_fields__ if name in value]
    if origin is dict and isinstance(value, dict):
        keys = [(args[0], key, str(key)) for key in value]
        return keys + [(args[1], below, str(key)) for key, below in value.items()]
    if origin is tuple and isinstance(value, list):
        arms = [args[0]] * len(value) if args[-1] is Ellipsis else args
        return [(arm, below, str(place)) for place, (arm, below) in enumerate(zip(arms, value, strict=False))]
    return []


def _advice(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"did you mean {near[0]}?"
    more = f" and {len(known) - LISTED_NAMES} more" if len(known) > LISTED_NAMES else ""
    return f"allowed are {', '.join(known[:LISTED_NAMES])}{more}"


def _allowed(kind: Any) -> str:
    words = _TWICE.sub(r"\1", allowed_words(msgspec.inspect.type_info(kind)).replace("`", ""))
    return f"a {words}" if words.startswith(("whole", "number", "list", "mapping", "name", "code")) else words


def _shown(kind: Any, value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'}" if value else "nothing in it"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    shown = f"{value!r}" if isinstance(value, int | float | str) else f"{value}"
    shown = shown if len(shown) <= SHOWN_CHARS else f"{shown[:SHOWN_CHARS]}…"
    return f"the text {shown}" if isinstance(value, str) and not _takes_text(kind) else shown


def _takes_text(kind: Any) -> bool:
    words = allowed_words(msgspec.inspect.type_info(kind))
    return not any(word in words for word in ("number", "true or false", "list", "mapping"))
