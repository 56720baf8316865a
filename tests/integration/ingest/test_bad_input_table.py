"""Every row of the page's table of bad input, in every dialect: the answer, the metric, and the dead letter."""

import gzip
from collections import Counter
from typing import Any

import msgspec
import pytest

from tests.support.bad_input import BODIES, EVENTS
from tests.support.dialects import SPOKEN, Spoken
from tests.support.ingest import IngestProcess, read_events, read_letters


@pytest.fixture(scope="module")
def keys(ingest: IngestProcess) -> dict[str, str]:
    """A key for each test and dialect, by its source."""
    issued = {
        f"{kind}-{name}": ingest.issue(f"{kind}-{name}")[1]
        for kind in ("bad", "whole", "alone", "twice")
        for name in SPOKEN
    }
    last = list(issued.values())[-1]
    ingest.wait_for(lambda: ingest.post("/v1/events", b"[]", key=last).status_code == 200, 5)
    return issued


def said(answer: Any, spoken: Spoken) -> dict[str, Any]:
    """Return the reply to a batch, of which OpenMeter's clients see only what went wrong."""
    if spoken.name == "openmeter" and answer.status_code == 204:
        return {"accepted": 3, "rejected": []}
    assert answer.status_code == (400 if spoken.name == "openmeter" else 200), answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
async def test_a_bad_event_is_named_counted_and_kept_and_its_neighbours_are_taken(
    ingest: IngestProcess, keys: dict[str, str], spoken: Spoken
) -> None:
    """By its reason in the reply, in the metric and in `dead.letters`; the good events around it are in the log."""
    source = f"bad-{spoken.name}"
    key = keys[source]
    headers = {"content-type": spoken.media_type}
    expected: Counter[str] = Counter()
    good: list[str] = []
    for number, row in enumerate(EVENTS):
        name = f"{spoken.name}-{number}"
        around = [msgspec.json.encode(spoken.write(f"{name}-{side}", source)) for side in "ab"]
        good += [spoken.logged.format(f"{name}-{side}") for side in "ab"]
        body = spoken.batch([around[0], row.make(spoken, name), around[1]])
        reply = said(ingest.post(spoken.path, body, key=key, headers=headers), spoken)
        reason = row.reason(spoken)
        assert reply["accepted"] == (3 if reason is None else 2), (row.name, reply)
        assert [(each["index"], each["code"]) for each in reply["rejected"]] == (
            [] if reason is None else [(1, reason)]
        ), row.name
        if reason is not None:
            expected[reason] += 1
    assert ingest.by_label("upswing_ingest_events_rejected_total", "reason", source=source) == expected
    counted = ingest.by_label("upswing_ingest_events_in_total", "dialect", source=source)
    assert counted == {spoken.name: 3 * len(EVENTS)}
    logged = [event["id"] for event in await read_events(ingest) if event["account_id"] == source]
    assert logged == good or sorted(logged) == sorted(good)
    kept = [letter for letter in await read_letters(ingest) if letter.source == source]
    assert Counter(str(letter.reason) for letter in kept) == expected
    assert {letter.origin for letter in kept} == {spoken.path}


@pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
async def test_a_bad_body_is_refused_as_a_whole_counted_and_kept(
    ingest: IngestProcess, keys: dict[str, str], spoken: Spoken
) -> None:
    """With `code` and `message`, or SDKs send it again; nothing of it is in the log."""
    source = f"whole-{spoken.name}"
    key = keys[source]
    expected: Counter[str] = Counter()
    before = ingest.by_label("upswing_ingest_http_requests_total", "status", route=spoken.path)
    for row in BODIES:
        body, more = row.make(spoken)
        answer = ingest.post(spoken.path, body, key=key, headers={"content-type": spoken.media_type} | more)
        assert (answer.status_code, answer.json()["code"]) == (row.status, row.code), (row.name, answer.text)
        assert answer.json()["message"]
        assert ingest.post(spoken.path, body, key="upw_wrong", headers=more).status_code == 401
        expected[row.reason] += 1
    now = ingest.by_label("upswing_ingest_http_requests_total", "status", route=spoken.path)
    given = Counter({int(status): count for status, count in now.items()})
    given.subtract({int(status): count for status, count in before.items()})
    assert +given == Counter(row.status for row in BODIES) + Counter({401: len(BODIES)})
    assert ingest.by_label("upswing_ingest_bodies_refused_total", "reason", source=source) == expected
    kept = [letter for letter in await read_letters(ingest) if letter.source == source]
    assert Counter(str(letter.reason) for letter in kept) == expected
    assert not [event for event in await read_events(ingest) if event["source"] == source]


@pytest.mark.parametrize(
    "spoken", [each for each in SPOKEN.values() if each.name != "rudderstack"], ids=lambda each: each.name
)
async def test_one_event_alone_that_cannot_be_read_is_400_in_every_dialect(
    ingest: IngestProcess, keys: dict[str, str], spoken: Spoken
) -> None:
    """There is nothing else to save in the body; it is a dead letter all the same."""
    source = f"alone-{spoken.name}"
    key = keys[source]
    rows = [row for row in EVENTS if row.reason(spoken) == "unreadable"]
    media_type = spoken.media_type.replace("-batch", "")
    for row in rows:
        answer = ingest.post(spoken.single, row.make(spoken, row.name), key=key, headers={"content-type": media_type})
        assert (answer.status_code, answer.json()["code"]) == (400, "unreadable"), (row.name, answer.text)
    kept = [letter for letter in await read_letters(ingest) if letter.source == source]
    assert [str(letter.reason) for letter in kept] == ["unreadable"] * len(rows)
    assert all("usage.recorded" in letter.line for letter in kept)


@pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
async def test_repeated_ids_are_taken_again_and_said_to_be_duplicates(
    ingest: IngestProcess, keys: dict[str, str], spoken: Spoken
) -> None:
    """Signals counts each once."""
    key = keys[f"twice-{spoken.name}"]
    events = [msgspec.json.encode(spoken.write(f"twice-{spoken.name}", "acme"))] * 2
    before = ingest.metric("upswing_ingest_events_duplicate_total")
    headers = {"content-type": spoken.media_type}
    answer = ingest.post(spoken.path, spoken.batch(events), key=key, headers=headers)
    if spoken.name != "openmeter":
        assert answer.json() == {"accepted": 2, "duplicates": 1, "rejected": []}
    assert ingest.metric("upswing_ingest_events_duplicate_total") == before + 1


async def test_ten_megabytes_of_properties_are_too_large_and_sink_no_neighbour(own_ingest: IngestProcess) -> None:
    """With the limits as they are out of the box; a plain body of that size is refused as a whole."""
    own_ingest.start()
    huge = "x" * 10_000_000
    for spoken in SPOKEN.values():
        good = msgspec.json.encode(spoken.write(f"small-{spoken.name}", "acme"))
        bad = msgspec.json.encode(spoken.write(f"huge-{spoken.name}", "acme", None, note=huge))
        body = spoken.batch([good, bad])
        headers = {"content-type": spoken.media_type}
        answer = own_ingest.post(spoken.path, gzip.compress(body, 1), headers=headers | {"content-encoding": "gzip"})
        reply = said(answer, spoken)
        assert (reply["accepted"], [each["code"] for each in reply["rejected"]]) == (1, ["too_large"]), spoken.name
        assert own_ingest.post(spoken.path, body, headers=headers).status_code == 413
    letters = await read_letters(own_ingest)
    assert all(len(letter.line) < 300_000 for letter in letters)
    assert Counter(letter.reason for letter in letters) == {"too_large": 2 * len(SPOKEN)}
    assert own_ingest.stop() == 0


async def test_times_of_several_zones_are_one_instant(ingest: IngestProcess) -> None:
    """With and without an offset, in text or milliseconds."""
    times: dict[str, Any] = {
        "utc": "2026-01-31T12:00:00Z",
        "tokyo": "2026-01-31T21:00:00+09:00",
        "none": "2026-01-31T12:00:00",
        "chatham": "2026-02-01T01:45:00+13:45",
        "ms": 1_769_860_800_000,
    }
    for spoken in SPOKEN.values():
        account = f"zones-{spoken.name}"
        events = [msgspec.json.encode(spoken.write(name, account, at)) for name, at in times.items()]
        ingest.post(spoken.path, spoken.batch(events), headers={"content-type": spoken.media_type})
    logged = [event for event in await read_events(ingest) if event["account_id"].startswith("zones-")]
    assert len(logged) == len(SPOKEN) * len(times)
    assert {event["occurred_at"] for event in logged} == {1_769_860_800_000}
