"""Is an event what its type says it is? Checked once, on the bytes that go to the log.

Source: playbook section 2, definition 45, reliability (security 8).
"""

import re
from typing import Any, get_type_hints

import msgspec

from shared.kernel.codec import explain
from shared.kernel.errors import Problem, Reason
from shared.kernel.events import EVENT_TYPES
from shared.kernel.words import others_wrong, with_given

MAX_DEPTH = 32
SHORTEST_DEEP = 2 * MAX_DEPTH  # bytes: anything shorter cannot be nested too deeply
PROPERTIES: dict[str, msgspec.json.Decoder[object]] = {
    row.name: msgspec.json.Decoder(get_type_hints(row.shape)["properties"]) for row in EVENT_TYPES
}
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_AS_BRACES = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)


def properties_problem(event_type: str, properties: bytes | msgspec.Raw, error: Exception) -> Problem:
    """Return what is wrong with properties whose decoding raised: the first field, and in its sentence the others."""
    decoder = PROPERTIES[event_type]
    problem = problem_of(error, within="properties", shape=decoder.type)
    if problem.reason not in {Reason.WRONG_TYPE, Reason.OUT_OF_RANGE}:
        return problem
    raw, path = bytes(properties), problem.field[11:]
    problem = with_given(problem, raw, path)
    found = [explain(said, decoder.type) for said in others_wrong(decoder, raw, path)]
    others = [with_given(other, raw, other.field) for other in found]
    told = "".join(f"; also {_named(other)}" for other in others)
    return Problem(problem.reason, problem.field, problem.message + told)


def _named(problem: Problem) -> str:
    return problem.message if problem.message.startswith(problem.field) else f"{problem.field}: {problem.message}"


def problem_of(error: Exception, *, within: str = "", shape: Any = None) -> Problem:
    """Return what is wrong with an item whose decoding raised.

    Shape: `within` is put before the field's path; `shape` is the type that was decoded, if it is known.
    """
    if isinstance(error, RecursionError):
        return Problem(Reason.TOO_LARGE, within, "nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Problem(Reason.UNREADABLE, within, f"not UTF-8: {error.reason} at byte {error.start}")
    if not isinstance(error, msgspec.ValidationError):
        return Problem(Reason.UNREADABLE, within, f"not readable as JSON: {error}")
    problem = explain(str(error), shape)
    if not within:
        return problem
    if not problem.field:
        return Problem(Reason.WRONG_TYPE, within, problem.message)
    return Problem(problem.reason, f"{within}.{problem.field}", problem.message)


def size_problem(properties: bytes | msgspec.Raw, max_bytes: int) -> Problem | None:
    """Return what is wrong with well-formed properties that are too large or too deep."""
    size = len(properties)
    if size > max_bytes:
        return Problem(Reason.TOO_LARGE, "properties", f"properties must be at most {max_bytes} bytes, got {size}")
    if too_deep(bytes(properties)):
        return Problem(Reason.TOO_LARGE, "properties", f"must be nested at most {MAX_DEPTH} levels deep")
    return None


def too_deep(raw: bytes) -> bool:
    """Say whether JSON, known to be well-formed, is nested more than `MAX_DEPTH` levels."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return False
    brackets = _TEXT.sub(b"", raw).translate(_AS_BRACES, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"{}", b"")  # each pass takes the innermost level away
        if not brackets:
            return False
    return True
