"""Bad input: each gets its clear error or its place in `dead.letters`, and everything around it goes through."""

import gzip
import socket
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
import pytest

from tests.support.ingest import IngestProcess, read_events, read_letters

GZIP = {"content-encoding": "gzip"}


def event(event_id: str, account_id: str | None = "acme", **change: Any) -> dict[str, Any]:
    """Return a native event."""
    properties = {"metric": "api_calls", "quantity": 1}
    return {"id": event_id, "type": "usage.recorded", "account_id": account_id, "properties": properties} | change


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code", "words"),
    [
        ("/v1/batch", b"{", {}, 400, "unreadable", "the body cannot be read"),
        ("/v1/batch", b"", {}, 400, "unreadable", "the body cannot be read"),
        ("/v1/batch", b"[1]", {}, 400, "unreadable", "the body cannot be read"),
        ("/v1/track", b"\xff\xfe", {}, 400, "unreadable", "the body cannot be read"),
        ("/v1/events", b"rubbish", {}, 400, "unreadable", "the body cannot be read"),
        ("/v1/events", b"no gzip", GZIP, 400, "unreadable", "no gzip data"),
        ("/v1/events", gzip.compress(b"{}" * 99)[:-9], GZIP, 400, "unreadable", "ends too early"),
        ("/v1/events", b"x" * 200_001, {}, 413, "too_large", "must be at most 200000 bytes"),
        ("/v1/events", gzip.compress(b" " * 400_001), GZIP, 413, "too_large", "inflated body must be at most 400000"),
        ("/v1/events", b"{}", {"content-type": "text/csv"}, 415, "unsupported_type", "text/csv"),
        ("/v1/events", b"{}", {"content-encoding": "br"}, 415, "unsupported_encoding", "must be gzip or none, got br"),
    ],
)
def test_a_body_that_cannot_be_used_has_its_own_error(
    ingest: IngestProcess, path: str, body: bytes, headers: dict[str, str], status: int, code: str, words: str
) -> None:
    """Every one has `code` and `message`, or SDKs send it again and again."""
    answer = ingest.post(path, body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code
    assert words in answer.json()["message"]


@pytest.mark.parametrize(
    "request_headers",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic d3Jvbmc6"},
        {"authorization": "Basic %%%"},
        {"authorization": "Digest x"},
        {},
    ],
)
def test_without_a_valid_key_nothing_is_taken(ingest: IngestProcess, request_headers: dict[str, str]) -> None:
    """Whatever the body is; before the body is looked at when a header names the key."""
    answer = ingest.post("/v1/events", event("unauthorised"), key=None, headers=request_headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_the_key_may_be_a_basic_user_a_bearer_token_or_in_the_body(ingest: IngestProcess) -> None:
    """The three ways of the clients."""
    call = {"event": "Song Played", "context": {"groupId": "acme"}}
    bearer = {"authorization": f"Bearer {ingest.key}"}
    for answer in (
        ingest.post("/v1/track", call),
        ingest.post("/v1/track", call, key=None, headers=bearer),
        ingest.post("/v1/track", call | {"writeKey": ingest.key}, key=None),
        ingest.post("/v1/batch", {"batch": [call | {"type": "track"}], "writeKey": ingest.key}, key=None),
    ):
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "duplicates": 0, "rejected": []})


async def test_every_bad_event_is_named_in_the_reply_and_kept_with_its_reason(ingest: IngestProcess) -> None:
    """Good events around them are in the log."""
    good, account = event("good-1", "mixed"), "mixed"
    bad = {
        "unknown-type": (event("unknown-type", account, type="usage.guessed"), "unknown_type"),
        "control": (event("control", account, type="control.tick", at=1), "unknown_type"),
        "no-account": (event("no-account", None), "account_unknown"),
        "wrong-type": (event("wrong-type", account, properties={"metric": 5, "quantity": 1}), "wrong_type"),
        "missing": (event("missing", account, properties={"metric": "m"}), "missing_field"),
        "ancient": (event("ancient", account, occurred_at="1850-01-01"), "out_of_range"),
        "never": (event("never", account, occurred_at="2300-01-01T00:00:00Z"), "out_of_range"),
        "long": (event("long", account, properties={"metric": "m", "quantity": 1, "x": "y" * 20_000}), "too_large"),
    }
    answer = ingest.post("/v1/events", [good, *(item for item, _ in bad.values()), event("good-2", "mixed")])
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert [(row["index"], row["id"], row["code"]) for row in answer.json()["rejected"]] == [
        (index, name, code) for index, (name, (_, code)) in enumerate(bad.items(), 1)
    ]
    assert [each["id"] for each in await read_events(ingest) if each["account_id"] == "mixed"] == ["good-1", "good-2"]
    letters = {letter.event_id: letter for letter in await read_letters(ingest)}
    assert {name: str(letters[name].reason) for name in bad} == {name: code for name, (_, code) in bad.items()}
    assert {letters[name].origin for name in bad} == {"/v1/events"}
    assert msgspec.json.decode(letters["no-account"].line)["properties"] == {"metric": "api_calls", "quantity": 1}


async def test_lines_with_rubbish_and_bytes_that_are_no_text_do_not_sink_their_neighbours(
    ingest: IngestProcess,
) -> None:
    """As NDJSON, and gzipped."""
    lines = [msgspec.json.encode(event("line-1", "lines")), b"{rubbish", b'{"id":"\xff"}', b"", b"7"]
    body = b"\n".join([*lines, msgspec.json.encode(event("line-2", "lines"))])
    headers = GZIP | {"content-type": "application/x-ndjson; charset=utf-8"}
    answer = ingest.post("/v1/events", gzip.compress(body), headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    assert [row["code"] for row in answer.json()["rejected"]] == ["unreadable", "unreadable", "not_an_object"]
    assert [each["id"] for each in await read_events(ingest) if each["account_id"] == "lines"] == ["line-1", "line-2"]
    assert any("\\xff" in letter.line for letter in await read_letters(ingest))


async def test_times_far_in_the_past_are_kept_and_in_the_future_are_clamped(ingest: IngestProcess) -> None:
    """What is too old to count is for the signals service to say."""
    before = time.time() * 1000
    far = {"past": "1999-12-31T23:00:00+02:00", "future": "2099-01-01T00:00:00Z"}
    body = [event(name, "times", occurred_at=at) for name, at in far.items()]
    assert ingest.post("/v1/events", body).json()["accepted"] == 2
    events = {each["id"]: each for each in await read_events(ingest) if each["account_id"] == "times"}
    assert events["past"]["occurred_at"] == 946_674_000_000
    assert before - 5 <= events["future"]["occurred_at"] == events["future"]["received_at"] <= time.time() * 1000 + 5
    assert ingest.metric("upswing_ingest_events_clamped_total") >= 1


def test_a_gzip_bomb_is_refused_and_does_not_fill_the_memory(ingest: IngestProcess) -> None:
    """A gigabyte of spaces in a hundred requests; also in many small members."""
    member = gzip.compress(b" " * 10_000_000)
    before = ingest.memory_bytes()
    for bomb in (member, gzip.compress(b" " * 1_000) * 450):
        for _ in range(50):
            assert ingest.post("/v1/events", bomb, headers=GZIP).status_code == 413
    assert ingest.memory_bytes() - before < 40_000_000
    assert ingest.metric("upswing_ingest_in_flight_bytes") == 0


def test_a_body_in_pieces_is_bounded_while_it_arrives(ingest: IngestProcess) -> None:
    """Chunked, so no length is announced; a client that hangs up in the middle leaves nothing behind."""

    def pieces(count: int) -> Any:
        return (b" " * 10_000 for _ in range(count))

    headers = {"content-type": "application/json", "authorization": f"Bearer {ingest.key}"}
    answer = httpx.post(ingest.url + "/v1/events", content=pieces(30), headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    with socket.create_connection(("127.0.0.1", ingest.port)) as half:
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ingest.key}\r\nContent-Length: 9000\r\n\r\n"
        )
        half.sendall(head.encode() + b" " * 5_000)
        time.sleep(0.3)
        assert ingest.metric("upswing_ingest_in_flight_bytes") == 5_000
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_in_flight_bytes") == 0, 5)


def test_headers_without_their_body_are_answered_408(ingest: IngestProcess) -> None:
    """With a key or without one, nobody holds a request for longer than `body_seconds`."""
    with socket.create_connection(("127.0.0.1", ingest.port), timeout=10) as silent:
        silent.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n")
        answer = silent.recv(9_000)
    assert answer.startswith(b"HTTP/1.1 408 "), answer


async def test_a_batch_posted_three_times_at_once_is_answered_three_times(ingest: IngestProcess) -> None:
    """Every post is in the log, where signals counts each event once; a fourth post is seen as a repeat."""
    body = [event(f"same-{number}", "thrice") for number in range(50)]
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: ingest.post("/v1/events", body), range(3)))
    assert [answer.json()["accepted"] for answer in answers] == [50, 50, 50]
    assert ingest.post("/v1/events", body).json() == {"accepted": 50, "duplicates": 50, "rejected": []}
    events = [each["id"] for each in await read_events(ingest) if each["account_id"] == "thrice"]
    assert sorted(events) == sorted([each["id"] for each in body] * 4)


def test_an_event_of_one_account_beyond_a_record_is_spread_over_several(ingest: IngestProcess) -> None:
    """A large body is cut at line ends."""
    wide = {"metric": "m", "quantity": 1, "note": "x" * 15_000}
    body = [event(f"wide-{number}", "wide", properties=wide) for number in range(12)]
    assert ingest.post("/v1/events", body).json()["accepted"] == 12


def test_what_is_not_there_has_an_error_body_too(ingest: IngestProcess) -> None:
    """Unknown paths, and events that are not posted."""
    for path, status in (("/v1/nothing", 404), ("/v1/batch", 405)):
        answer = ingest.get(path)
        assert answer.status_code == status
        assert {"code", "message"} <= answer.json().keys()
    assert zlib.crc32(ingest.get("/openapi.json").content)
