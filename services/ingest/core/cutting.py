"""Cut a JSON array into its elements without understanding them, for bodies in which one element cannot be read.

A text with half an emoji as an escape, an escape that there is not, or nesting without end make a parser give up on the
whole body; brackets, commas and texts are enough to tell the elements apart. Only such bodies come here.
"""

import re
from typing import TypeVar

Item = TypeVar("Item")
_MARKS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},"]', re.DOTALL)
_TO_ARRAY = re.compile(rb"\s*:\s*\[")
_BLANK = b" \t\r\n"
MOST_ITEMS = 50_000  # each costs some microseconds when it is bad, and all other requests wait for that
MOST_VALUES = 1_000_000  # items are counted once they are read, and reading one of three bytes takes 130 of memory


class TooManyError(ValueError):
    """A body with more items, or values, than are taken at once. Fate: refused as a whole."""


def few_values(body: bytes) -> bytes:
    """Return a body that is not too costly to read, by its commas and lines. Errors: `TooManyError`."""
    if len(body) > MOST_VALUES and max(body.count(b","), body.count(b"\n")) > MOST_VALUES:
        raise TooManyError(f"a body must hold at most {MOST_VALUES} values: send less at once")
    return body


def at_most(items: list[Item]) -> list[Item]:
    """Return items that are not too many. Errors: `TooManyError`."""
    if len(items) > MOST_ITEMS:
        raise TooManyError(f"a body must hold at most {MOST_ITEMS} events: send less at once")
    return items


def cut_array(body: bytes, start: int) -> tuple[list[bytes], int] | None:
    """Return the elements of the array whose bracket stands at `start`, and where it ends; None when it is none."""
    elements: list[bytes] = []
    depth = 0
    since = start + 1
    for found in _MARKS.finditer(body, start):
        mark = found[0]
        if mark in {b"[", b"{"}:
            depth += 1
        elif mark in {b"]", b"}"}:
            depth -= 1
        elif mark == b'"':
            return None
        if (mark == b"," and depth == 1) or depth == 0:
            at_most(elements).append(body[since : found.start()].strip(_BLANK))
            since = found.end()
        if depth == 0:
            if elements == [b""]:
                return [], since
            return None if b"" in elements else (elements, since)
    return None


def is_one_object(body: bytes) -> bool:
    """Say whether a text is one object in braces and nothing after it, however unreadable within."""
    if body.lstrip(_BLANK)[:1] != b"{":
        return False
    depth = 0
    for found in _MARKS.finditer(body):
        if found[0] in {b"[", b"{"}:
            depth += 1
        elif found[0] in {b"]", b"}"}:
            depth -= 1
            if not depth:
                return not body[found.end() :].strip(_BLANK)
        elif found[0] == b'"':  # a text without its end; to look on would take as long again at every quote
            return False
    return False


def cut_field(body: bytes, name: bytes) -> tuple[list[bytes], bytes] | None:
    """Return the elements of an object's array of that name, and the object with the array empty; None without one."""
    depth = 0
    for found in _MARKS.finditer(body):
        mark = found[0]
        if mark in {b"[", b"{"}:
            depth += 1
        elif mark in {b"]", b"}"}:
            depth -= 1
        elif depth == 1 and mark == b'"%b"' % name and (opening := _TO_ARRAY.match(body, found.end())):
            start = opening.end() - 1
            if (cut := cut_array(body, start)) is None:
                return None
            elements, end = cut
            return elements, body[:start] + b"[]" + body[end:]
        elif mark == b'"':
            return None
    return None
