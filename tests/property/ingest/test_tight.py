"""The short way of a batch gives what the clear way gives: the same lines, rejections, dead letters and identities."""

import json
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.core.calls import Call, take_call
from services.ingest.core.dialects import segment
from services.ingest.core.instants import clock_shift_ms
from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading, Unread, id_in
from services.ingest.core.tight import take_calls
from shared.kernel.clock import iso
from shared.kernel.events import BY_NAME
from tests.support.intake import NOW, make_world

IDS = st.sampled_from(["ada", "bob", "", "é", "x" * 256, "x" * 257]) | st.integers(0, 10) | st.just(10**300) | st.none()
ACCOUNTS = st.sampled_from(["acme", "zeta", "", "ümlaut"]) | st.integers(0, 3) | st.none()
TIMES = st.sampled_from(
    [iso(NOW), iso(NOW - 5_000), iso(NOW + 240_000), iso(NOW + 900_000), "2026-01-31", "soon", ""]
) | st.sampled_from([NOW, NOW + 10**9, -(10**15), 10**15, 1.5, None, True])
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    ["f1", "", 3, -1, 0, 2.5, None, True, [1], {"a": {"b": []}}, "x" * 300, "mentions_competitor"]
)
PROPERTIES = st.dictionaries(
    st.sampled_from(["feature", "quantity", "metric", "calls", "plan", "mentions_competitor", "ticket_id", "x" * 70]),
    VALUES,
    max_size=4,
)
DEEP = st.integers(25, 40).map(lambda depth: json.loads("[" * depth + "]" * depth))
NAMES = st.sampled_from(["usage.recorded", "Report Exported", "API Call", "Song", "user.erased", "", *BY_NAME])
GOOD = st.fixed_dictionaries(
    {
        "type": st.just("track"),
        "event": st.sampled_from(["feature.used", "Report Exported", "session.started"]),
        "messageId": st.sampled_from(["m1", "m2", "m3"]),
        "timestamp": st.sampled_from([iso(NOW), NOW - 1]),
        "context": st.fixed_dictionaries({"groupId": st.sampled_from(["acme", "zeta"])}),
        "properties": st.fixed_dictionaries({"feature": st.sampled_from(["f1", "f2"])}),
    },
    optional={"userId": st.sampled_from(["ada", "bob"]), "anonymousId": st.just("v")},
)
ODD = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "track", "track", "group", "identify", "page", "alias", "sing"])},
    optional={
        "event": NAMES | st.just(7),
        "messageId": IDS,
        "userId": IDS,
        "anonymousId": IDS,
        "timestamp": TIMES,
        "context": st.fixed_dictionaries({}, optional={"groupId": ACCOUNTS, "traits": PROPERTIES}) | st.just(None),
        "groupId": ACCOUNTS,
        "previousId": IDS,
        "traits": PROPERTIES,
        "properties": PROPERTIES | DEEP | st.fixed_dictionaries({"deep": DEEP}) | st.none() | st.just("text"),
    },
)
TRACK = {
    "type": "track",
    "event": "session.started",
    "messageId": "m",
    "timestamp": NOW,
    "context": {"groupId": "acme"},
}
CALLS = st.lists(st.one_of(GOOD, GOOD, ODD, st.just(3)), max_size=12)
SENT = st.sampled_from([None, iso(NOW), iso(NOW - 3_600_000), "never"])


class ShortOnly(Intake):
    """An intake whom no call may reach on the clear way."""

    def take(self, *call: object) -> None:
        """Nothing may come here."""
        raise AssertionError(call)


def _clear(reading: Reading, intake: Intake) -> None:
    for index, call in enumerate(reading.items):
        if isinstance(call, Unread):
            intake.reject(index, id_in(call.raw, "messageId"), call.problem, call.raw)
        elif isinstance(call, Call):
            take_call(index, call, reading, intake)


def _outcome(body: bytes, *, tight: bool) -> dict[str, Any]:
    world = make_world(event_max_bytes=500)
    reading = segment.read(body, segment.ROW.routes[0])
    intake = Intake(
        world,
        "web",
        NOW,
        shift_ms=clock_shift_ms(NOW, reading.sent_at),
        multiline=b"\n" in body,
        request_id="request",
    )
    (take_calls if tight else _clear)(reading, intake)
    intake.close()
    encode = msgspec.json.Encoder().encode_lines
    return {
        "records": {partition: encode(lines) for partition, lines in intake.groups.items()},
        "ids": intake.ids,
        "rejected": intake.rejected,
        "refused": intake.refused,
        "identities": intake.identities,
        "forgotten": intake.forgotten,
        "counts": (intake.clamped, intake.corrected, intake.unmapped, intake.ignored, intake.accepted),
    }


@given(CALLS, SENT, st.sampled_from([None, None, 1]))
@example([TRACK | {"properties": None}, TRACK | {"properties": {}}], None, None)
def test_both_ways_give_the_same(calls: list[Any], sent_at: str | None, indent: int | None) -> None:
    """Byte for byte, whatever is in the batch and however it is laid out."""
    body = json.dumps({"batch": calls, "sentAt": sent_at}, indent=indent).encode()
    assert _outcome(body, tight=True) == _outcome(body, tight=False)


@given(st.lists(GOOD, min_size=1, max_size=5))
def test_common_calls_do_go_the_short_way(calls: list[Any]) -> None:
    """Otherwise the test above would compare the clear way with itself."""
    reading = segment.read(json.dumps({"batch": calls}).encode(), segment.ROW.routes[0])
    intake = Intake(make_world(), "web", NOW, shift_ms=0, multiline=False, request_id="request")
    reading.raw_items = list
    take_calls(reading, intake)
    assert len(intake.ids) == len(calls)
    assert not intake.rejected
