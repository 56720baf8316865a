"""CloudEvents in their three modes, and OpenMeter's: who, which account, what it means."""

import base64
from typing import Any

import msgspec
import pytest

from services.ingest.core.cloud_events import as_structured
from services.ingest.core.dialects import ROUTES, serving
from services.ingest.core.dialects.cloudevents import ROW, unwrap
from services.ingest.core.intake import Intake, Rejected
from services.ingest.core.replies import Reply
from shared.kernel.errors import Reason
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.usage_recorded import UsageRecorded
from tests.support.intake import only, reasons, take, take_in

EVENT = {"specversion": "1.0", "id": "1", "source": "/a", "type": "Song Played", "accountid": "acme"}
METERED = {"specversion": "1.0", "id": "1", "source": "/a", "type": "tokens", "subject": "acme"}
ENCODED_GROUPS = base64.b64encode(b'{"$groups":{"company":"zeta"}}').decode()
USAGE = {"metric": "m", "quantity": 2}


def cloud(body: Any) -> Intake:
    """Take a body in structured or batched mode in."""
    return take_in(ROW, ROW.routes[0], body)


def test_the_media_type_or_a_header_says_that_it_is_a_cloud_event() -> None:
    """Anything else at the path is native."""
    for media_type, headers, name in [
        ("application/cloudevents+json", [], "cloudevents"),
        ("application/cloudevents-batch+json", [], "cloudevents"),
        ("application/json", [(b"ce-specversion", b"1.0")], "cloudevents"),
        ("", [(b"ce-specversion", b"1.0")], "cloudevents"),
        ("application/json", [(b"host", b"x")], "native"),
    ]:
        assert serving("/v1/events", media_type, headers)[0].name == name
    assert serving("/api/v1/events", "application/cloudevents+json", [])[0].name == "openmeter"


def test_an_event_is_a_call_of_its_type() -> None:
    """Source and id together name it; its extensions say who it was."""
    event = EVENT | {"userid": "ada", "time": "2026-01-31T13:00:00+01:00", "type": "API Called", "data": {"calls": 3}}
    line = only(cloud(event))
    assert isinstance(line, UsageRecorded)
    assert (line.id, line.user_id, line.account_id, line.properties.quantity) == ("/a 1", "ada", "acme", 3)
    assert line.occurred_at == 1_769_860_800_000
    other = only(cloud([EVENT, EVENT | {"id": "2", "type": "usage.recorded", "data": {"metric": 5}}][:1]))
    assert isinstance(other, FeatureUsed)


def test_a_name_too_long_is_hashed() -> None:
    """The same name has the same id; sources are addresses, and may be long."""
    one, other = (only(cloud(EVENT | {"source": "https://x/" + "y" * 300, "id": each})) for each in "12")
    assert len(one.id) == 36  # type: ignore[union-attr]  # controls have none
    assert one.id != other.id  # type: ignore[union-attr]  # controls have none


@pytest.mark.parametrize(
    ("change", "account", "user"),
    [
        ({"accountid": 42, "userid": 7}, "42", "7"),
        ({"accountid": None, "data": {"account_id": "zeta", "user_id": 8}}, "zeta", "8"),
        ({"data": {"account_id": "zeta", "user_id": "bob"}, "userid": "ada"}, "acme", "ada"),
        ({"accountid": "", "data": {"$groups": {"company": "zeta"}}}, "zeta", None),
        (
            {"accountid": None, "data_base64": base64.b64encode(b'{"$groups":{"company":"zeta"}}').decode()},
            "zeta",
            None,
        ),
        ({"data": {"account_id": "zeta", "user_id": True}}, "acme", None),
        ({"data": {"account_id": "zeta", "user_id": "x" * 257}}, "acme", None),
    ],
)
def test_extensions_go_before_the_data_and_the_data_before_the_plan(
    change: dict[str, Any], account: str, user: str | None
) -> None:
    """A subject is no account."""
    line = only(cloud(EVENT | change))
    assert (line.account_id, line.user_id) == (account, user)
    subject = {key: EVENT[key] for key in EVENT if key != "accountid"} | {"subject": "acme"}
    assert reasons(cloud(subject))[0][1] == "account_unknown"


@pytest.mark.parametrize(
    "data",
    [
        {"data": {"metric": "m", "quantity": 2}},
        {"data_base64": base64.b64encode(b'{"metric": "m",\n "quantity": 2}').decode()},
    ],
)
def test_data_may_be_json_or_base64_of_it(data: dict[str, Any]) -> None:
    """The SDK writes bytes as base64; whatever its layout, it is one line in the log."""
    intake = cloud(EVENT | {"type": "usage.recorded"} | data)
    line = only(intake)
    assert isinstance(line, UsageRecorded)
    assert line.properties.quantity == 2


@pytest.mark.parametrize("data", [{"data": {"calls": 3}}, {"data_base64": base64.b64encode(b'{"calls": 3}').decode()}])
def test_rows_of_the_plan_look_into_the_data(data: dict[str, Any]) -> None:
    """Their paths begin with `properties`, whatever the dialect."""
    line = only(cloud(EVENT | {"type": "API Called"} | data))
    assert isinstance(line, UsageRecorded)
    assert line.properties.quantity == 3


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {}}])
def test_an_event_without_data_has_no_properties(data: dict[str, Any]) -> None:
    """Its type says enough."""
    assert isinstance(only(cloud(EVENT | data)), FeatureUsed)


@pytest.mark.parametrize(
    ("event", "code", "words"),
    [
        (7, "not_an_object", ""),
        ({"id": "1"}, "missing_field", "specversion"),
        (EVENT | {"specversion": "2.0"}, "wrong_type", "specversion"),
        (EVENT | {"id": ""}, "out_of_range", "id"),
        (EVENT | {"source": 5}, "wrong_type", "source"),
        (EVENT | {"type": "control.tick"}, "unknown_type", "control."),
        (EVENT | {"data": "text"}, "wrong_type", "data"),
        (EVENT | {"data": [1]}, "wrong_type", "data"),
        (EVENT | {"data_base64": "%"}, "unreadable", "data"),
        (EVENT | {"data_base64": "e30x"}, "unreadable", "data"),
        (EVENT | {"data_base64": base64.b64encode(b'{"a":"\xff"}').decode()}, "unreadable", "data"),
        (EVENT | {"data_base64": "MTI="}, "wrong_type", "data"),
        (EVENT | {"time": "soon"}, "out_of_range", "occurred_at"),
        (EVENT | {"time": True}, "wrong_type", "time"),
        (EVENT | {"type": "usage.recorded", "data": {"metric": "m", "quantity": -1}}, "out_of_range", "quantity"),
    ],
)
def test_what_is_no_cloud_event_is_rejected_by_itself(event: Any, code: str, words: str) -> None:
    """Its neighbours are taken."""
    intake = cloud([event, EVENT])
    assert intake.accepted == 1
    ((index, found, message),) = reasons(intake)
    assert (index, found) == (0, code)
    assert words in message


def test_half_an_emoji_sinks_no_neighbour_in_a_batch() -> None:
    """It is cut into its events; one event by itself cannot be read."""
    bad = rb'{"specversion":"1.0","id":"1","source":"/a","type":"X","data":{"a":"\q"}}'
    intake = cloud(b"[" + bad + b"," + msgspec.json.encode(EVENT) + b"]")
    assert (intake.accepted, [row.code for row in intake.rejected]) == (1, ["unreadable"])
    alone = ROW.read(bad, ROW.routes[0])
    assert (len(alone.items), alone.single) == (1, True)


@pytest.mark.parametrize("body", [b"", b" ", b"[", b"[1] x", rb'["\q"] x', b"[]]"])
def test_what_is_neither_event_nor_batch_cannot_be_read(body: bytes) -> None:
    """The edge answers 400."""
    with pytest.raises((msgspec.DecodeError, ValueError)):
        ROW.read(body, ROW.routes[0])


def test_headers_of_binary_mode_are_attributes() -> None:
    """Percent-encoded where they must be; the body is the data, whatever it is."""
    headers = [
        (b"host", b"x"),
        (b"ce-specversion", b"1.0"),
        (b"ce-id", b"1"),
        (b"ce-source", b"/a"),
        (b"ce-type", b"usage.recorded"),
        (b"ce-accountid", b"caf%C3%A9"),
        (b"ce-data", b"5"),
    ]
    whole = as_structured("application/json", headers, b'{"metric": "m", "quantity": 2}')
    line = only(cloud(whole))
    assert isinstance(line, UsageRecorded)
    assert (line.account_id, line.properties.quantity) == ("café", 2)
    assert reasons(cloud(as_structured("text/plain", headers, b"hello")))[0][1] == "unreadable"
    assert reasons(cloud(as_structured("application/json", headers, b'{}, "id": "x"')))[0][1] == "unreadable"
    named = [(b"ce-type", b"Song Played") if name == b"ce-type" else (name, value) for name, value in headers]
    assert isinstance(only(cloud(unwrap("", named, b""))), FeatureUsed)
    assert unwrap("application/cloudevents+json", headers, b"{}") == b"{}"


@pytest.mark.parametrize(
    ("data", "quantity", "unmapped"),
    [
        ({"data": {"value": "2.5", "quantity": 9}}, "2.5", 0),
        ({"data": {"quantity": 4}}, 4, 0),
        ({}, 1, 0),
        ({"data": {"tokens": 500}}, 1, 1),
    ],
)
def test_openmeters_event_is_usage_of_the_metric_it_is_named_by(
    data: dict[str, Any], quantity: Any, unmapped: int
) -> None:
    """Of its value, else its quantity, else one; data with neither is listed as not mapped."""
    intake = take("/api/v1/events", METERED | data)
    line = only(intake)
    assert isinstance(line, UsageRecorded)
    assert (line.properties.metric, line.properties.quantity, line.account_id) == ("tokens", quantity, "acme")
    assert intake.unmapped == unmapped


def test_openmeters_types_go_through_the_plan_and_our_own_pass() -> None:
    """A row says where a meter's quantity is."""
    line = only(take("/api/v1/events", METERED | {"type": "API Called", "data": {"calls": 3, "user_id": "ada"}}))
    assert isinstance(line, UsageRecorded)
    assert (line.properties.metric, line.properties.quantity, line.user_id) == ("api_calls", 3, "ada")
    feature = only(take("/api/v1/events", METERED | {"type": "feature.used", "data": {"feature": "x"}}))
    assert isinstance(feature, FeatureUsed)
    assert only(take("/api/v1/events", METERED | {"data": {"value": 1, "user_id": 7}})).user_id == "7"
    assert only(take("/api/v1/events", METERED | {"userid": ""})).user_id is None
    assert only(take("/api/v1/events", METERED | {"userid": 0})).user_id == "0"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subject": None}, "missing_field"),
        ({"subject": ""}, "missing_field"),
        ({"subject": "x" * 257}, "out_of_range"),
        ({"userid": 10**300}, "out_of_range"),
        ({"data": []}, "wrong_type"),
        ({"data": {"value": "many"}}, "out_of_range"),
        ({"data": {"value": {}}}, "wrong_type"),
        ({"specversion": None}, "wrong_type"),
        ({"type": "control.tick"}, "unknown_type"),
    ],
)
def test_what_openmeter_would_not_take_is_rejected(change: dict[str, Any], code: str) -> None:
    """By itself."""
    intake = take("/api/v1/events", [METERED | change, METERED | {"id": "2"}])
    assert (intake.accepted, [str(row.code) for row in intake.rejected]) == (1, [code])


def test_openmeter_answers_204_or_400_with_the_list() -> None:
    """In a problem of its own form, which its SDK reads."""
    dialect, route = ROUTES["/api/v1/events"]
    assert dialect.answer
    assert dialect.answer(Reply(3, 0, []), route).status == 204
    answer = dialect.answer(Reply(2, 1, [Rejected(0, "/a 1", Reason.TOO_LARGE, "long")]), route)
    said = msgspec.json.decode(answer.body)
    assert answer.status == 400
    assert (said["code"], said["accepted"], said["rejected"][0]["code"]) == ("rejected", 2, "too_large")
    assert (
        said["detail"]
        == said["message"]
        == ("1 of 3 events were rejected; the others are taken: do not send them again")
    )
