"""Segment's calls become events of our vocabulary, or are rejected each by itself."""

import msgspec
import pytest

from services.ingest.core.calls import Call
from services.ingest.core.dialects import segment
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.pricing_viewed import PricingViewed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from tests.support.intake import log_lines, only, reasons, take

ACME = {"groupId": "acme"}


def test_a_track_named_like_one_of_our_types_passes_through_with_its_properties() -> None:
    """The properties arrive as they were sent, those that we do not know included."""
    properties = {"metric": "api_calls", "quantity": 3, "region": "eu"}
    intake = take("/v1/track", {"event": "usage.recorded", "userId": "ada", "context": ACME, "properties": properties})
    line = only(intake)
    assert isinstance(line, UsageRecorded)
    assert (line.account_id, line.user_id, line.source) == ("acme", "ada", "web")
    assert (line.properties.metric, line.properties.quantity) == ("api_calls", 3)
    ((sent,),) = intake.groups.values()
    assert msgspec.json.decode(sent.properties) == properties
    assert intake.unmapped == 0


def test_any_other_track_is_a_use_of_the_feature_of_that_name_and_counted_as_unmapped() -> None:
    """Properties with meanings of their own are not taken for ours."""
    intake = take("/v1/track", {"event": "Song Played", "context": ACME, "properties": {"quantity": "many"}})
    line = only(intake)
    assert isinstance(line, FeatureUsed)
    assert (line.properties.feature, line.properties.quantity) == ("Song Played", 1)
    assert intake.unmapped == 1


def test_a_row_of_the_playbook_names_type_properties_and_constants() -> None:
    """The default playbook maps `API *` and `Report Exported`."""
    intake = take(
        "/v1/batch",
        {
            "batch": [
                {"type": "track", "event": "API Called", "context": ACME, "properties": {"calls": 7}},
                {"type": "track", "event": "Report Exported", "context": ACME},
                {"type": "track", "event": "Pricing Viewed", "context": ACME, "properties": {}},
            ]
        },
    )
    api, report, pricing = log_lines(intake)
    assert isinstance(api, UsageRecorded)
    assert (api.properties.metric, api.properties.quantity) == ("api_calls", 7)
    assert isinstance(report, FeatureUsed)
    assert report.properties.feature == "reports"
    assert isinstance(pricing, PricingViewed)
    assert intake.unmapped == 0


def test_a_mentioned_competitor_survives_every_mapping() -> None:
    """Definition 60: in any event; what is not true or false is not made up."""
    intake = take(
        "/v1/batch",
        {
            "batch": [
                {"type": kind, "event": "Call Held", "userId": "a", "context": ACME, "properties": properties}
                for kind in ("track", "page")
                for properties in ({"mentions_competitor": True}, {"x": "mentions_competitor"}, ["mentions_competitor"])
            ]
        },
    )
    mentions = [line.properties.mentions_competitor for line in log_lines(intake)]
    assert mentions == [True, False, False, True, False, False]


def test_names_of_control_records_are_refused() -> None:
    """Nobody outside may tick our clock."""
    assert reasons(take("/v1/track", {"event": "control.tick", "context": ACME})) == [
        (0, "unknown_type", "event: names that begin with control. belong to the log itself")
    ]


def test_null_properties_are_none() -> None:
    """Some SDKs send null where they have nothing."""
    line = only(take("/v1/track", {"event": "session.started", "context": ACME, "properties": None}))
    assert isinstance(line, SessionStarted)


def test_wrong_properties_are_rejected_with_the_path_and_kept_as_a_line() -> None:
    """The line for `dead.letters` is the event as it would have been."""
    call = {"event": "usage.recorded", "messageId": "m", "context": ACME, "properties": {"metric": "a", "quantity": -1}}
    intake = take("/v1/track", call)
    ((_, code, message),) = reasons(intake)
    assert code == "out_of_range"
    assert message.startswith("properties.quantity: quantity must be a number")
    (refused,) = intake.refused
    assert msgspec.json.decode(refused.line)["properties"] == {"metric": "a", "quantity": -1}
    assert (refused.event_id, refused.account_id) == ("m", "acme")


@pytest.mark.parametrize(
    ("path", "body", "code", "message"),
    [
        ("/v1/identify", {"context": ACME}, "missing_field", "userId is required"),
        ("/v1/identify", {"userId": "a", "traits": [1]}, "wrong_type", "traits: Expected an object"),
        ("/v1/group", {"userId": "a"}, "missing_field", "groupId is required"),
        ("/v1/group", {"groupId": ""}, "missing_field", "groupId is required"),
        ("/v1/group", {"groupId": "g", "traits": 3}, "wrong_type", "traits: Expected an object"),
        ("/v1/group", {"groupId": "g", "timestamp": "x"}, "out_of_range", "timestamp: must be RFC 3339"),
        ("/v1/group", {"groupId": "g", "traits": {"seats": -3}}, "out_of_range", "properties.seats: "),
        ("/v1/page", {"context": ACME, "timestamp": "never"}, "out_of_range", "timestamp: must be RFC 3339"),
        ("/v1/alias", {"userId": "a"}, "missing_field", "previousId is required"),
        ("/v1/alias", {"previousId": "a"}, "missing_field", "userId is required"),
        ("/v1/alias", {"userId": "a", "previousId": "b", "timestamp": "x"}, "out_of_range", "timestamp: must be"),
        ("/v1/track", {"context": ACME}, "missing_field", "event is required"),
        ("/v1/track", {"event": "X", "context": ACME, "timestamp": "x"}, "out_of_range", "occurred_at: must be RFC"),
        ("/v1/track", {"event": "X", "userId": "a"}, "account_unknown", "account_id: the account is not known"),
        ("/v1/track", {"event": "X" * 257, "context": ACME}, "out_of_range", "event: Expected text of length <= 256"),
        ("/v1/track", {"event": "X", "userId": {}, "context": ACME}, "wrong_type", "userId: Expected"),
        ("/v1/batch", {"batch": [{"type": "sing"}]}, "unknown_type", "type: no call is named 'sing'"),
        ("/v1/batch", {"batch": [{}]}, "missing_field", "type is required"),
        ("/v1/batch", {"batch": [3]}, "not_an_object", "Expected an object, got a whole number"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(path: str, body: object, code: str, message: str) -> None:
    """Each names the field and what is allowed."""
    intake = take(path, body)
    ((index, found, text),) = reasons(intake)
    assert (index, found) == (0, code)
    assert text.startswith(message)
    assert len(intake.refused) == 1
    assert intake.accepted == 0


def test_one_bad_call_never_sinks_its_neighbours() -> None:
    """A call of another shape, and one that is not even UTF-8."""
    good = msgspec.json.encode({"type": "track", "event": "X", "messageId": "ok", "context": ACME})
    bad = b'{"type":"track","messageId":"odd","event":["x"]}'
    ugly = b'{"type":"track","event":"\xff","context":{"groupId":"acme"}}'
    body = b'{"batch":[' + b",".join([good, bad, ugly, good]) + b'],"sentAt":{},"writeKey":"k"}'
    intake = take("/v1/batch", body)
    assert [line.id for line in log_lines(intake)] == ["ok", "ok"]
    assert [(rejected.index, rejected.id, str(rejected.code)) for rejected in intake.rejected] == [
        (1, "odd", "wrong_type"),
        (2, None, "unreadable"),
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"batch":3}', b'{"batch":[1,]}', b"\xff", b'{"sentAt":1}'])
def test_a_body_of_which_nothing_can_be_read_raises(body: bytes) -> None:
    """The edge answers 400, and nothing is taken."""
    with pytest.raises((msgspec.DecodeError, ValueError)):
        take("/v1/batch", body)


def test_a_single_call_that_cannot_be_read_is_rejected_alone() -> None:
    """Its time of sending may be anything."""
    intake = take("/v1/track", {"event": 5, "messageId": "m", "sentAt": []})
    assert reasons(intake) == [(0, "wrong_type", "event: Expected text or null, got a whole number")]
    assert intake.rejected[0].id == "m"


def test_the_body_says_its_key_and_when_it_was_sent() -> None:
    """Segment's SDK sends both in every body."""
    batch = segment.read(b'{"batch":[],"sentAt":"2026-01-01","writeKey":"k"}', segment.ROW.routes[0])
    assert (batch.items, batch.write_key, batch.sent_at) == ([], "k", "2026-01-01")
    single = segment.read(b'{"sentAt":5,"writeKey":"k"}', segment.ROW.routes[2])
    assert (single.items, single.write_key, single.sent_at) == ([Call(type="track")], "k", 5)


def test_line_ends_inside_a_call_do_not_reach_the_log() -> None:
    """A record's value is one event a line, however the client laid out its JSON."""
    body = b'{"event":"usage.recorded","context":{"groupId":"a"},\r\n"properties":{\n "metric":"m",\r\n"quantity":1}}'
    intake = take("/v1/track", body)
    ((line,),) = intake.groups.values()
    assert bytes(line.properties) == b'{"metric":"m","quantity":1}'


def test_names_may_be_in_any_script() -> None:
    """Text is UTF-8, and lengths are characters."""
    line = only(take("/v1/batch", {"batch": [{"type": "track", "event": "Отчёт", "context": {"groupId": "üб" * 128}}]}))
    assert isinstance(line, FeatureUsed)
    assert (line.properties.feature, line.account_id) == ("Отчёт", "üб" * 128)


def test_numbers_as_ids_become_text_and_missing_ids_are_made() -> None:
    """An event without a messageId is named after its request."""
    assert take("/v1/track", {"event": "X", "context": {"groupId": 5}, "messageId": 7}).ids == ["7"]
    assert take("/v1/track", {"event": "X", "context": {"groupId": 5}}).ids == ["request-0"]


@pytest.mark.parametrize(
    ("odd", "named", "code"),
    [
        (rb'"\ud800"', None, "unreadable"),
        (rb'"\q"', None, "unreadable"),
        (b"[" * 2_000 + b"]" * 2_000, None, "too_large"),
        (b"1e999", "1", "wrong_type"),
    ],
)
def test_a_call_whose_traits_cannot_be_read_is_rejected_alone(odd: bytes, named: str | None, code: str) -> None:
    """SDKs write half an emoji as an escape without its other half; the calls around it go through."""
    calls = b" , ".join(
        b'{"type":"identify","messageId":"%d","userId":"ada","context":{"groupId":"acme"},"traits":{"x":%b}}' % call
        for call in enumerate((b'"a],\\""', odd, b"[2,{}]"))
    )
    intake = take("/v1/batch", b'{"x":["batch",{"batch":[]}],"batch" : [' + calls + b'],"writeKey":"k"}')
    assert intake.ids == ["0", "2"]
    assert [(rejected.index, rejected.id, str(rejected.code)) for rejected in intake.rejected] == [(1, named, code)]
    assert odd in intake.refused[0].line


@pytest.mark.parametrize(
    "body",
    [
        rb'{"batch":[{"x":"\q"}',
        rb'{"batch":[],"x":"\q"}',
        rb'{"batch":["\q","]}',
        rb'{"batch":"\q"}',
        rb'["\q"]',
        rb'{"batch":["\q"],}',
    ],
)
def test_a_batch_that_does_not_end_or_is_none_is_refused_whole(body: bytes) -> None:
    """Nobody can tell what was meant."""
    with pytest.raises(msgspec.DecodeError):
        take("/v1/batch", body)


@pytest.mark.parametrize("field", ["messageId", "userId", "anonymousId", "groupId", "previousId", "context.groupId"])
def test_a_number_as_an_id_is_as_long_as_a_text_may_be(field: str) -> None:
    """What is longer could not be read back from the log."""
    kind = {"groupId": "group", "previousId": "alias"}.get(field, "page")
    call = {"type": kind, "userId": "ada", "context": ACME}

    def with_digits(digits: int) -> bytes:
        first, _, second = field.partition(".")
        number = 10 ** (digits - 1)
        return msgspec.json.encode(
            {"batch": [call | {first: {second: number} if second else number}, call | {"groupId": 1, "previousId": 1}]}
        )

    assert take("/v1/batch", with_digits(256)).rejected == []
    intake = take("/v1/batch", with_digits(257))
    assert reasons(intake) == [(0, "out_of_range", f"{field}: Expected a whole number of length <= 256")]
    assert intake.accepted == 1
