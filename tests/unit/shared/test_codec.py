"""Lines of the log that cannot be used: each is a problem, whatever it says, and never an exception."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.codec import decode_line, decode_record, explain
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.envelope import Event

GOOD = b'{"id":"1","type":"session.started","account_id":"acme","occurred_at":1790000000000,"properties":{}}'


def _ticket(severity: str) -> bytes:
    properties = {"ticket_id": "t", "severity": severity}
    event = {"id": "1", "type": "ticket.opened", "account_id": "acme", "occurred_at": 1, "properties": properties}
    return msgspec.json.encode(event)


@pytest.mark.parametrize(
    "rest",
    [b"rubbish", b'"x":"\xff"}', b'"x":' + b"[" * 5_000, b'"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}", b'"x":1'],
    ids=["rubbish", "no UTF-8", "endless", "too deep", "cut off"],
)
def test_a_line_of_an_unknown_type_that_is_no_json_sinks_no_neighbour(rest: bytes) -> None:
    """The typed decoder stops at the type, and never sees what comes after it."""
    good, bad = decode_record(b"\n".join((GOOD, b'{"type":"foo",' + rest, GOOD)))
    assert [(number, type(line).__bases__) for number, line in good] == [(0, (Event,)), (2, (Event,))]
    assert [(number, problem.reason) for number, _, problem in bad] == [(1, Reason.UNREADABLE)]


@pytest.mark.parametrize("said", ["missing required field", "Object missing required field `id`", "` - at `$.id`"])
def test_a_value_that_reads_like_a_message_is_a_value(said: str) -> None:
    """The decoder quotes what it refuses."""
    problem = decode_line(_ticket(said))
    assert isinstance(problem, Problem)
    assert (problem.reason, problem.field) == (Reason.WRONG_TYPE, "properties.severity")


def test_a_message_that_quotes_a_long_value_is_cut() -> None:
    """It goes into replies and dead letters, which must fit into a record."""
    problem = decode_line(_ticket("x" * 1_000_000))
    assert isinstance(problem, Problem)
    assert problem.message.startswith("Expected one of low, normal, high, urgent, got 'xxx")
    assert len(problem.message) < 400


def test_a_missing_field_is_named_with_its_path() -> None:
    """As the decoder says it."""
    problem = explain("Object missing required field `quantity` - at `$.properties`")
    assert problem == Problem(Reason.MISSING_FIELD, "properties.quantity", "quantity is required")


@given(st.binary() | st.text().map(_ticket) | st.binary().map(lambda rest: b'{"type":"foo",' + rest))
def test_no_line_raises(raw: bytes) -> None:
    """Whatever a direct producer writes."""
    assert isinstance(decode_line(raw), Problem | Event)


@pytest.mark.parametrize("instant", [b"9007199254740991", b"-9007199254740991", b'"2101-01-01T00:00:00Z"'])
def test_an_instant_out_of_bounds_is_refused_among_good_lines(instant: bytes) -> None:
    """A direct producer may write anything, and a day past the bounds would freeze an account's clock."""
    good, bad = decode_record(b"\n".join((GOOD, GOOD.replace(b"1790000000000", instant), GOOD)))
    assert [number for number, _ in good] == [0, 2]
    assert [(number, problem.field, problem.reason) for number, _, problem in bad] == [
        (1, "occurred_at", Reason.OUT_OF_RANGE)
    ]


def test_events_beside_a_control_and_instants_in_text_are_settled() -> None:
    """The common record, all of events with milliseconds, goes a shorter way than this one."""
    text = GOOD.replace(b"1790000000000", b'"2026-09-21T14:13:20Z"')
    good, bad = decode_record(b"\n".join((GOOD, b'{"type":"control.tick","at":1790000000000}', text)))
    assert not bad
    assert [getattr(line, "occurred_at", None) for _, line in good] == [1790000000000, None, 1790000000000]


@pytest.mark.parametrize("quantity", [b"1000000000000001", b"1" + b"0" * 400, b"1e16", b'"1000000000000001"'])
def test_a_quantity_above_what_is_kept_is_refused_however_it_is_written(quantity: bytes) -> None:
    """What ingest lets in, signals must be able to add."""
    line = (
        b'{"id":"1","type":"usage.recorded","account_id":"acme","occurred_at":1790000000000,'
        b'"properties":{"metric":"m","quantity":' + quantity + b"}}"
    )
    found = decode_line(line)
    assert isinstance(found, Problem)
    assert (found.reason, found.field) == (Reason.OUT_OF_RANGE, "properties.quantity")


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        ("account.updated", {"seats": -3}, "Expected a whole number >= 0, got -3"),
        ("feature.used", {"feature": ""}, 'Expected text of length >= 1, got ""'),
        ("feature.used", {"feature": "x" * 300}, 'Expected text of length <= 256, got "' + "x" * 39 + "…"),
        ("feature.used", {"feature": "x" * 5_000}, "Expected text of length <= 256"),
    ],
)
def test_a_bound_is_told_with_what_was_given(kind: str, properties: dict[str, object], said: str) -> None:
    """Where its path leads to it by names, and it is not very large."""
    line = {"id": "1", "type": kind, "account_id": "acme", "occurred_at": 1, "properties": properties}
    problem = decode_line(msgspec.json.encode(line))
    assert isinstance(problem, Problem)
    assert (problem.reason, problem.message) == (Reason.OUT_OF_RANGE, said)
