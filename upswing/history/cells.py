"""What a cell means: the mapping's value applied to a row's text.

Errors: `ValueError` with one sentence for a person.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from upswing.history.mapping import Source, Value

TRUE, FALSE = {"true", "yes", "1", "t", "y"}, {"false", "no", "0", "f", "n"}
ANY_OTHER = "*"
Cell = Callable[[str], str]


def property_of(name: str, source: Source, cell: Cell) -> Any:
    """Return a property's value, `UNSET` when the cell is blank and the mapping says nothing about that."""
    value = Value(column=source) if isinstance(source, str) else source
    if value.column is None:
        return value.constant
    text = cell(value.column)
    if text == "":
        return value.blank
    if value.values is not None:
        return _meaning(value.column, text, value.values)
    try:
        return _CASTS[value.cast](text)
    except ValueError:
        raise ValueError(f"{value.column} must be {_ALLOWED[value.cast]} for {name}, found {text!r:.60}") from None


def plain_number(text: str) -> int | str:
    """Return a number exactly: whole ones as integers, others as their decimal text. Errors: `ValueError`."""
    try:
        return int(text)
    except ValueError:
        float(text)
        return text


def _meaning(column: str, text: str, values: dict[str, Any]) -> Any:
    if text in values:
        return values[text]
    if ANY_OTHER in values:
        return values[ANY_OTHER]
    raise ValueError(f"{column} is {text!r:.60}, the mapping knows: {', '.join(values)}")


def _boolean(text: str) -> bool:
    if text.casefold() in TRUE | FALSE:
        return text.casefold() in TRUE
    raise ValueError(text)


def _integer(text: str) -> int:
    number = float(text) if "." in text else int(text)
    if number != int(number):
        raise ValueError(text)
    return int(number)


_CASTS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": _integer,
    "number": plain_number,
    "boolean": _boolean,
    "list": lambda text: [part.strip() for part in text.split(";") if part.strip()],
}
_ALLOWED = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "text",
}
UNSET = msgspec.UNSET
