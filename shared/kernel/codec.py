"""From the bytes of a record to typed events and back, with a `Problem` for each line that cannot be used.

Shape: a record's value is newline-delimited JSON, one event or control a line. Source: design (one input log).
"""

import re
from collections.abc import Sequence
from functools import reduce
from operator import attrgetter, or_
from typing import Any, cast

import msgspec

from shared.kernel.clock import MAX_INSTANT_MS, MIN_INSTANT_MS, parse_instant
from shared.kernel.controls import CONTROLS, Control
from shared.kernel.errors import Problem, Reason
from shared.kernel.events import BY_NAME, EVENT_TYPES
from shared.kernel.events.envelope import Event
from shared.kernel.plain_events import PLAIN_SHAPES
from shared.kernel.unknown_types import no_such_type
from shared.kernel.words import in_words, with_given

Line = Event | Control
_SHAPES = reduce(or_, [*(row.shape for row in EVENT_TYPES), *CONTROLS])
_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(_SHAPES)
_PLAIN_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(reduce(or_, [PLAIN_SHAPES, *CONTROLS]))
_OCCURRED_AT = attrgetter("occurred_at")
_ENCODER = msgspec.json.Encoder()
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED = re.compile(r"^(?P<field>[a-z_][\w.]*) must ")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
MOST_MESSAGE_CHARS = 300  # a message may quote what it refuses, which may be of any length and say anything


def decode_events(value: bytes) -> list[Event] | None:
    """Return the events of a record whose every line is one, as ingest writes it; None for any other."""
    try:
        lines = _DECODER.decode_lines(value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return cast("list[Event]", lines) if _settled(lines) else None


def decode_plain_events(value: bytes) -> list[Event] | None:
    """Return what `decode_events` does, some of it perhaps in the shapes of `plain_events`, and sooner."""
    try:
        lines = _PLAIN_DECODER.decode_lines(value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return decode_events(value)
    return cast("list[Event]", lines) if _settled(lines) else None


def decode_single_events(values: Sequence[bytes]) -> list[Event] | None:
    """Return the events of records of one event each, as `decode_plain_events`; None when that is not what they are."""
    for decoder in (_PLAIN_DECODER, _DECODER):
        try:
            lines = [*map(decoder.decode, values)]
        except (msgspec.DecodeError, ValueError, RecursionError):
            continue
        return cast("list[Event]", lines) if _settled(lines) else None
    return None


def decode_record(value: bytes) -> tuple[list[tuple[int, Line]], list[tuple[int, bytes, Problem]]]:
    """Return the lines of a record that can be used, and those that cannot with their problem.

    Shape: each with its line number in the record, from 0; the order of the lines is kept.
    """
    try:
        lines = _DECODER.decode_lines(value)
        if not _settled(lines):
            for line in lines:
                if isinstance(line, Event):
                    _settle_times(line)
        return list(enumerate(lines)), []
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _decode_each(value)


def _settled(lines: list[Line]) -> bool:
    """Tell whether all lines are events whose instants are milliseconds within bounds, as ingest writes them."""
    try:
        instants = [*map(_OCCURRED_AT, lines)]
        return not instants or (min(instants) >= MIN_INSTANT_MS and max(instants) < MAX_INSTANT_MS)
    except (AttributeError, TypeError):  # a control has none, and text cannot be compared
        return False


def _decode_each(value: bytes) -> tuple[list[tuple[int, Line]], list[tuple[int, bytes, Problem]]]:
    good: list[tuple[int, Line]] = []
    bad: list[tuple[int, bytes, Problem]] = []
    for number, raw in enumerate(value.split(b"\n")):
        if not raw.strip():
            continue
        line = decode_line(raw)
        if isinstance(line, Problem):
            bad.append((number, raw, line))
        else:
            good.append((number, line))
    return good, bad


def decode_line(raw: bytes) -> Line | Problem:
    """Return one event or control, or what is wrong with it."""
    try:
        line = _DECODER.decode(raw)
        if isinstance(line, Event):
            _settle_times(line)
    except msgspec.ValidationError as error:
        return _problem(raw, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Problem(Reason.UNREADABLE, "", f"not readable as JSON: {error}")
    except RecursionError:
        return Problem(Reason.UNREADABLE, "", "not readable as JSON: nested too deeply")
    except ValueError as error:
        field, _, message = str(error).partition(" ")
        return Problem(Reason.OUT_OF_RANGE, field, message)
    return line


def encode_line(line: Line) -> bytes:
    """Return one event or control as a line of JSON, without the newline."""
    return _ENCODER.encode(line)


def _settle_times(event: Event) -> None:
    for field in ("occurred_at", "received_at"):
        value = getattr(event, field)
        if value is not None:
            try:
                setattr(event, field, parse_instant(value))
            except ValueError as error:
                raise ValueError(f"{field} {error}") from None


def explain(text: str, shape: Any = None) -> Problem:
    """Return the problem that a message of msgspec, or of one of our checks, speaks of.

    Shape: `shape` is the type that was decoded; where it is known, a text that is not allowed is told those that are.
    """
    found = _PATH.search(text)
    path = found["path"] if found else ""
    whole = text[: found.start()] if found else text
    message = whole if len(whole) <= MOST_MESSAGE_CHARS else f"{whole[:MOST_MESSAGE_CHARS]}…"
    named = _NAMED.match(message)
    if named:
        path = f"{path}.{named['field']}".strip(".")
        return Problem(Reason.OUT_OF_RANGE, path, message)
    if missing := _MISSING.fullmatch(message):
        field = missing["field"]
        return Problem(Reason.MISSING_FIELD, f"{path}.{field}".strip("."), f"{field} is required")
    if path == "" and "Expected `object`" in message:
        return Problem(Reason.NOT_AN_OBJECT, "", in_words(message, path))
    bounded = any(mark in message for mark in (">=", "<=", "length"))
    return Problem(Reason.OUT_OF_RANGE if bounded else Reason.WRONG_TYPE, path, in_words(message, path, shape))


def _problem(raw: bytes, text: str) -> Problem:
    problem = explain(text)
    if problem.reason is not Reason.WRONG_TYPE:
        return with_given(problem, raw, problem.field)
    try:
        whole = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the decoder stopped where it refused
        if problem.field == "type":
            return Problem(Reason.UNREADABLE, "", "not readable as JSON, and no event type of ours")
        return problem
    given = whole.get("type") if isinstance(whole, dict) else None
    if isinstance(given, str) and given in BY_NAME:
        return explain(text, BY_NAME[given].shape)
    if isinstance(given, str) and problem.field == "type":
        return Problem(Reason.UNKNOWN_TYPE, "type", no_such_type(given))
    return problem
