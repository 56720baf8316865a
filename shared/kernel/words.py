"""What the decoder refuses, in a person's words: what is allowed by its name, and every field that is wrong."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from shared.kernel.errors import Problem, Reason

__all__ = ["in_words", "others_wrong", "with_given"]

NAMES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
}
MOST_OTHERS = 4
MOST_GIVEN_CHARS = 40
MOST_BYTES = 4 << 10  # what is larger is not read again for a better sentence
_QUOTED = re.compile(r"(?<=Expected )`([a-z| ]+)`|(?<=, got )`([a-z| ]+)`")
_ENUM = re.compile(r"Invalid enum value (?P<given>.*)", re.DOTALL)


def in_words(message: str, path: str, shape: Any = None) -> str:
    """Return a message of the decoder without the names of Python. Shape: `path` leads into `shape`."""
    if found := _ENUM.fullmatch(message):
        allowed = _choices(shape, path)
        return f"Expected one of {', '.join(allowed)}, got {found['given']}" if allowed else message
    return _QUOTED.sub(lambda found: _named(found[1] or found[2]), message)


def with_given(problem: Problem, raw: bytes, path: str) -> Problem:
    """Return a problem with a bound, and with what was given; others as they are. Shape: `path` leads into `raw`."""
    if (
        not problem.message.startswith("Expected ")
        or problem.reason is not Reason.OUT_OF_RANGE
        or len(raw) > MOST_BYTES
    ):
        return problem
    try:
        value = msgspec.json.decode(raw)
        for name in path.split("."):
            value = value[name]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):  # it is not reached by names
        return problem
    shown = msgspec.json.encode(value).decode()
    shown = shown if len(shown) <= MOST_GIVEN_CHARS else f"{shown[:MOST_GIVEN_CHARS]}…"
    return Problem(problem.reason, problem.field, f"{problem.message}, got {shown}")


def others_wrong(decoder: msgspec.json.Decoder[Any], given: bytes, first: str) -> Iterator[str]:
    """Yield the decoder's messages about further fields of an object whose field `first` is refused."""
    try:
        fields = msgspec.json.decode(given) if len(given) <= MOST_BYTES else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    wrong = first.partition(".")[0].partition("[")[0]
    for _ in range(MOST_OTHERS):
        if not isinstance(fields, dict) or fields.pop(wrong, None) is None:
            return
        said = ""
        try:
            decoder.decode(msgspec.json.encode(fields))
        except msgspec.ValidationError as error:
            said = str(error)
        except (msgspec.DecodeError, OverflowError, RecursionError):  # it cannot be read again as it was read
            return
        if not said or said.startswith("Object missing"):  # all is well, or it misses what was taken out
            return
        yield said
        wrong = _field_of(said)


def _field_of(message: str) -> str:
    found = re.search(r" - at `\$\.(\w+)", message) or re.match(r"(\w+)", message)
    return found[1] if found else ""


def _named(kinds: str) -> str:
    return " or ".join(NAMES.get(kind, kind) for kind in kinds.split(" | "))


@cache
def _hints(shape: type) -> dict[str, Any]:
    """Return the fields of a shape; a body may have thousands of wrong events, and there are few shapes."""
    return get_type_hints(shape, include_extras=True)


def _choices(shape: Any, path: str) -> list[str]:
    """Return the texts that a field takes, none when its shape is not known."""
    for name in path.split("."):
        shape = next((each for each in (shape, *get_args(shape)) if hasattr(each, "__struct_fields__")), None)
        if shape is None:
            return []
        shape = _hints(shape).get(name.partition("[")[0])
    kinds = (shape, *get_args(shape))
    texts = [str(text) for kind in kinds if get_origin(kind) is Literal for text in get_args(kind)]
    return [*texts, "null"] if texts and type(None) in kinds else texts
