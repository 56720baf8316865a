"""Whatever a client sends, every item is either in the log as a readable event or rejected with a reason."""

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.dialects import ROUTES
from services.ingest.core.reading import is_text
from services.ingest.core.validate import MAX_DEPTH, UNREADABLE, too_deep
from shared.kernel.codec import decode_line
from shared.kernel.events import BY_NAME
from shared.kernel.events.envelope import Event
from tests.support.intake import NOW, PARTITIONS, log_lines, make_world, take

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TYPES = st.sampled_from([*BY_NAME, "control.tick", "Song Played"])
FIELDS = st.dictionaries(
    st.sampled_from(
        ["metric", "quantity", "level", "feature", "score", "survey", "seats", "mentions_competitor", "plan"]
    ),
    SCALARS,
    max_size=4,
)
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "group", "page", "screen", "alias", "sing"]) | JSON,
        "event": TYPES | JSON,
        "messageId": st.text(max_size=8) | JSON,
        "userId": st.sampled_from(["ada", "bob"]) | JSON,
        "anonymousId": JSON,
        "timestamp": st.integers(NOW - 10**9, NOW + 10**9) | st.datetimes().map(str) | JSON,
        "context": st.just({"groupId": "acme"}) | JSON,
        "groupId": st.just("acme") | JSON,
        "properties": FIELDS | JSON,
        "traits": FIELDS | JSON,
        "previousId": JSON,
    },
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=8) | JSON,
        "type": TYPES | JSON,
        "account_id": st.sampled_from(["acme", "zeta"]) | JSON,
        "user_id": JSON,
        "occurred_at": st.integers(NOW - 10**9, NOW + 10**9) | JSON,
        "properties": FIELDS | JSON,
    },
)


def _check(path: str, items: list[Any], body: bytes) -> None:
    intake = take(path, body)
    lines = log_lines(intake)
    assert len(lines) + intake.silent + len(intake.rejected) == len(items)
    assert len(intake.refused) == len(intake.rejected)
    assert [rejected.index for rejected in intake.rejected] == sorted({each.index for each in intake.rejected})
    for line in lines:
        assert isinstance(line, Event)
        assert line.source == "web"
        assert isinstance(line.occurred_at, int)
        assert line.occurred_at <= NOW + 300_000
    for partition, group in intake.groups.items():
        assert 0 <= partition < PARTITIONS
        assert all(b"\n" not in bytes(line.properties) for line in group)


@given(st.lists(CALLS | JSON, max_size=6), st.sampled_from([None, 1, 3]))
def test_every_call_of_a_batch_is_taken_or_rejected(calls: list[Any], indent: int | None) -> None:
    """However its JSON is laid out."""
    _check("/v1/batch", calls, json.dumps({"batch": calls}, indent=indent).encode())


@given(st.lists(EVENTS | JSON, min_size=1, max_size=6), st.booleans())
def test_every_native_event_is_taken_or_rejected(events: list[Any], lines: bool) -> None:
    """As an array or as lines, with the same outcome."""
    array = json.dumps(events).encode()
    _check("/v1/events", events, array)
    if lines and all(isinstance(event, dict) for event in events):
        body = b"\n".join(json.dumps(event).encode() for event in events)
        _check("/v1/events", events, body)
        one, other = take("/v1/events", array), take("/v1/events", body)
        assert (one.ids, one.rejected) == (other.ids, other.rejected)


@given(st.binary(max_size=200), st.sampled_from(sorted(ROUTES)))
def test_any_bytes_are_read_or_refused_as_a_whole(body: bytes, path: str) -> None:
    """No other exception leaves the reader, and nothing is taken from what is refused."""
    try:
        intake = take(path, body)
    except UNREADABLE:
        return
    assert intake.accepted + len(intake.rejected) >= 0


ODD = st.sampled_from(
    [
        rb'"\ud800"',
        rb'"\q"',
        b"1e999",
        b"1" * 5_000,
        b"[" * 2_000 + b"]" * 2_000,
        b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    ]
)


@given(
    ODD,
    st.sampled_from(["track", "identify", "group", "page", "alias"]),
    st.sampled_from(["Report Exported", "API Called", "usage.recorded", "Song Played"]),
    st.sampled_from(["x", "department", "employees", "calls", "mentions_competitor"]),
    st.sampled_from([b" ", b"\n"]),
)
def test_one_odd_call_of_a_batch_sinks_no_neighbour(
    odd: bytes, kind: str, event: str, field: str, space: bytes
) -> None:
    """Whatever lies in its properties or traits, and however the batch is laid out."""
    good = b'{"type":"identify","messageId":"g","userId":"ada","context":{"groupId":"acme"}}'
    inner = b'{"%b":%b}' % (field.encode(), odd)
    named = json.dumps({"type": kind, "event": event, "userId": "bob", "groupId": "acme", "previousId": "v"})[
        :-1
    ].encode()
    bad = named + b',"context":{"groupId":"acme"},"properties":%b,"traits":%b}' % (inner, inner)
    intake = take("/v1/batch", b'{"batch":[' + good + b"," + space + bad + b"," + good + b"]}")
    assert intake.ids.count("g") == 2
    assert intake.accepted + len(intake.rejected) == 3
    assert {rejected.index for rejected in intake.rejected} <= {1}
    log_lines(intake)


@given(ODD, st.sampled_from([b" ", b"\n"]))
def test_one_odd_event_of_an_array_sinks_no_neighbour(odd: bytes, space: bytes) -> None:
    """On one line and on several."""
    good = b'{"id":"g","type":"session.started","account_id":"acme"}'
    bad = b'{"id":"b","type":"session.started","account_id":"acme","properties":{"x":' + odd + b"}}"
    intake = take("/v1/events", b"[" + good + b"," + space + bad + b"," + good + b"]")
    assert intake.ids.count("g") == 2
    assert intake.accepted + len(intake.rejected) == 3
    log_lines(intake)


@given(st.binary(max_size=30).filter(lambda tail: not tail.startswith(b"\n")))
def test_one_bad_line_among_good_ones_sinks_no_neighbour(bad: bytes) -> None:
    """Whatever bytes it is made of, as long as it is one line."""
    bad = bad.replace(b"\n", b"").replace(b"\r", b"")
    good = b'{"id":"g","type":"session.started","account_id":"acme"}'
    intake = take("/v1/events", good + b"\n" + bad + b"\n" + good)
    assert intake.ids.count("g") == 2


@given(JSON)
def test_depth_is_counted_as_a_plain_walk_counts_it(value: Any) -> None:
    """The walk goes over the decoded value."""

    def depth(node: Any) -> int:
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    for levels in (0, MAX_DEPTH - depth(value), MAX_DEPTH - depth(value) + 1):
        wrapped = value
        for _ in range(levels):
            wrapped = [wrapped, "[{"]
        assert too_deep(json.dumps(wrapped).encode()) == (depth(wrapped) > MAX_DEPTH)


@given(st.binary(max_size=12))
def test_text_is_what_python_decodes(body: bytes) -> None:
    """ASCII takes the short way."""
    try:
        body.decode()
    except UnicodeDecodeError:
        assert not is_text(body)
    else:
        assert is_text(body)


@given(st.lists(EVENTS, max_size=5))
def test_what_is_taken_is_what_the_kernel_would_read(events: list[dict[str, Any]]) -> None:
    """An event that the kernel's codec takes is taken here too, and the other way round, times aside."""
    world = make_world(event_max_bytes=1 << 20)
    for event in events:
        if not isinstance(event.get("account_id"), str) or not isinstance(event.get("occurred_at"), int):
            continue
        body = msgspec.json.encode(event)
        taken = bool(take("/v1/events", body, world).ids)
        line = decode_line(msgspec.json.encode(event | {"properties": event.get("properties") or {}}))
        assert taken == isinstance(line, Event)
