"""Native events: an object, an array or lines; each is taken or rejected by itself."""

import sys

import msgspec
import pytest

from services.ingest.core.validate import MAX_DEPTH
from shared.kernel.clock import iso
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from tests.support.intake import NOW, log_lines, make_world, only, reasons, take

EVENT = {
    "id": "e-1",
    "type": "usage.recorded",
    "account_id": "acme",
    "user_id": "ada",
    "occurred_at": "2026-01-31T12:00:00Z",
    "properties": {"metric": "api_calls", "quantity": 3},
}


def test_an_object_an_array_and_lines_are_the_same_events() -> None:
    """Blank lines and the layout of an object do not matter."""
    one = msgspec.json.encode(EVENT)
    for body in (one, b" [" + one + b"]", one + b"\n", b"\n" + one + b"\r\n\r\n", msgspec.json.format(one, indent=2)):
        line = only(take("/v1/events", body))
        assert isinstance(line, UsageRecorded)
        assert (line.id, line.account_id, line.user_id, line.properties.quantity) == ("e-1", "acme", "ada", 3)
        assert iso(line.occurred_at) == "2026-01-31T12:00:00.000Z"
    assert take("/v1/events", one + b"\n" + one).ids == ["e-1", "e-1"]
    assert take("/v1/events", b"[]").accepted == 0


def test_source_and_arrival_are_ours_to_say() -> None:
    """A client cannot pretend to be another source; a missing time is the arrival."""
    line = only(take("/v1/events", {**EVENT, "source": "forged", "received_at": 1, "occurred_at": None}))
    assert (line.source, line.received_at, line.occurred_at) == ("web", NOW, NOW)


def test_one_bad_line_among_good_ones_is_rejected_alone() -> None:
    """Rubbish, text that is not UTF-8, and values that are no events."""
    good = msgspec.json.encode(EVENT)
    intake = take("/v1/events", b"\n".join([good, b"rubbish", b'{"id":"\xff"}', b"[1]", b'{"id":"x"}', good]))
    assert len(log_lines(intake)) == 2
    assert [(rejected.index, rejected.id, str(rejected.code)) for rejected in intake.rejected] == [
        (1, None, "unreadable"),
        (2, None, "unreadable"),
        (3, None, "not_an_object"),
        (4, "x", "missing_field"),
    ]
    assert intake.refused[0].line == b"rubbish"


def test_one_bad_item_of_an_array_is_rejected_alone() -> None:
    """Its neighbours go through."""
    intake = take("/v1/events", [EVENT, {**EVENT, "id": 5}, None, EVENT])
    assert len(log_lines(intake)) == 2
    assert [(rejected.index, str(rejected.code)) for rejected in intake.rejected] == [
        (1, "wrong_type"),
        (2, "not_an_object"),
    ]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"type": "control.tick"}, "unknown_type", "type: names that begin with control. belong to the log itself"),
        ({"type": "usage.guessed"}, "unknown_type", "type: no event type is named 'usage.guessed'"),
        (
            {"type": "usage.record"},
            "unknown_type",
            "type: no event type is named 'usage.record'; did you mean usage.rec",
        ),
        ({"type": 4}, "wrong_type", "type: Expected text, got a whole number"),
        ({"id": ""}, "out_of_range", "id: Expected text of length >= 1"),
        ({"id": "x" * 257}, "out_of_range", "id: Expected text of length <= 256"),
        ({"account_id": None}, "account_unknown", "account_id: the account is not known"),
        ({"occurred_at": "1776-07-04"}, "out_of_range", "occurred_at: must lie between 1900 and 2100"),
        ({"occurred_at": 1.5}, "wrong_type", "occurred_at: Expected"),
        ({"occurred_at": "2" * 65}, "out_of_range", "occurred_at: Expected text of length <= 64"),
        ({"properties": {}}, "missing_field", "properties.metric: metric is required"),
        ({"properties": None}, "missing_field", "properties.metric: metric is required"),
        ({"properties": [1]}, "wrong_type", "properties: Expected an object"),
        ({"properties": {"metric": "a", "quantity": "NaN"}}, "out_of_range", "properties.quantity: quantity must be"),
        ({"properties": {"metric": "a", "quantity": True}}, "wrong_type", "properties.quantity: Expected"),
        ({"properties": EVENT["properties"] | {"x": "y" * 10_000}}, "too_large", "properties must be at most 10000"),  # type: ignore[operator]  # a dict
    ],
)
def test_what_cannot_be_used_is_rejected_with_field_and_reason(
    change: dict[str, object], code: str, message: str
) -> None:
    """Code and field say what to change."""
    ((_, found, text),) = reasons(take("/v1/events", EVENT | change))
    assert found == code
    assert text.startswith(message)


def test_properties_are_nested_to_a_limit() -> None:
    """One level more than allowed is refused; thousands are refused before they do harm."""

    def nested(levels: int) -> bytes:
        deep = b"[" * levels + b"]" * levels
        return b'{"id":"1","type":"session.started","account_id":"a","properties":{"x":' + deep + b"}}"

    assert isinstance(only(take("/v1/events", nested(MAX_DEPTH - 1))), SessionStarted)
    message = f"properties: must be nested at most {MAX_DEPTH} levels deep"
    assert reasons(take("/v1/events", nested(MAX_DEPTH))) == [(0, "too_large", message)]
    assert reasons(take("/v1/events", nested(100_000))) == [(0, "too_large", "nested too deeply")]


@pytest.mark.parametrize("space", [b"", b"\n"])
@pytest.mark.parametrize(
    ("odd", "code"),
    [(rb'"\ud800"', "unreadable"), (rb'"\q"', "unreadable"), (b"[" * 2_000 + b"]" * 2_000, "too_large")],
)
def test_an_element_that_cannot_be_read_is_rejected_alone(odd: bytes, code: str, space: bytes) -> None:
    """Whether the array stands on one line or on several."""
    events = (b"," + space).join(
        b'{"id":"%d","type":"session.started","account_id":"a","properties":{"x":%b}}' % event
        for event in enumerate((b"1", odd, b"2"))
    )
    intake = take("/v1/events", b" [" + events + b"] ")
    assert intake.ids == ["0", "2"]
    assert [(rejected.index, str(rejected.code)) for rejected in intake.rejected] == [(1, code)]
    assert odd in intake.refused[0].line


def test_nesting_at_the_edge_of_what_can_be_read_is_rejected() -> None:
    """What the reader just manages may be too much for what lays it out in one line."""
    limit = sys.getrecursionlimit()
    for levels in range(limit - 150, limit):
        properties = b'{"x":' + b"[" * levels + b"]" * levels + b"}"
        body = b'{"id":"1","type":"session.started","account_id":"a","properties":' + properties + b"}\n"
        assert {code for _, code, _ in reasons(take("/v1/events", body + body))} == {"too_large"}


@pytest.mark.parametrize("body", [b"", b" \n", b"{", b"rubbish", b'"', b"\xff\xfe", b"[{]", rb'["\q"] x', b'["]', b"]"])
def test_a_body_of_which_nothing_can_be_read_raises(body: bytes) -> None:
    """The edge answers 400, and nothing is taken."""
    with pytest.raises((msgspec.DecodeError, ValueError)):
        take("/v1/events", body)


def test_the_account_of_a_known_user_need_not_be_repeated() -> None:
    """A group call in Segment's dialect names it for native events of the same source, too."""
    world = make_world()
    take("/v1/group", {"userId": "ada", "groupId": "acme"}, world)
    assert only(take("/v1/events", EVENT | {"account_id": None}, world)).account_id == "acme"


def test_an_erased_user_is_forgotten_by_every_source() -> None:
    """Definition 67; the topic gets a tombstone for each source that knew the user."""
    world = make_world()
    for source in ("web", "app"):
        take("/v1/group", {"userId": "ada", "groupId": "acme"}, world, source)
    erased = take("/v1/events", {"id": "1", "type": "user.erased", "account_id": "acme", "user_id": "ada"}, world)
    assert sorted(erased.forgotten) == [("app", "ada"), ("web", "ada")]
    assert len(world.identities) == 0
    nobody = take("/v1/events", {"id": "2", "type": "user.erased", "account_id": "acme"}, world)
    assert nobody.forgotten == []


def test_one_object_on_many_lines_is_one_event_even_when_it_cannot_be_read() -> None:
    """And not as many bad lines as it has."""
    for body in (rb'{\n "id": "\ud800",\n "x": [1]}\n', rb'{\n "id": "\q"\n}'):
        with pytest.raises(ValueError, match="not readable as JSON"):
            take("/v1/events", body.replace(rb"\n", b"\n"))
    for body, lines in ((b'{"id": "\\q"}\n{', 2), (b"5\n{", 2), (b'{"id":\n{', 2)):
        assert len(take("/v1/events", body).rejected) == lines
