"""Events that came before their account was known: kept as dead letters, and sent to the log once it is."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import segment.analytics as segment_sdk

from shared.kernel.dead_letters import DeadLetter
from tests.support.ingest import IngestProcess, read_events, read_letters

PATIENCE = 40.0


@pytest.fixture
def both(own_ingest: IngestProcess, tmp_path: Path) -> Iterator[tuple[IngestProcess, IngestProcess]]:
    """Two ingest processes of one installation, with the same keys."""
    other = IngestProcess(
        tmp_path / "other", own_ingest.bootstrap, own_ingest.prefix, keys_file=str(own_ingest.keys_path)
    )
    own_ingest.start()
    other.start()
    yield own_ingest, other
    other.kill()


async def _retaken(ingest: IngestProcess, count: int) -> list[DeadLetter]:
    """Return the letters' markers once there are so many."""
    deadline = time.monotonic() + PATIENCE
    while True:
        markers = [letter for letter in await read_letters(ingest) if letter.retaken_at is not None]
        if len(markers) >= count:
            return markers
        assert time.monotonic() < deadline, ingest.log_path.read_text()[-3000:]


async def _logged(ingest: IngestProcess) -> list[tuple[str, str, str | None]]:
    return sorted((event["id"], event["account_id"], event.get("user_id")) for event in await read_events(ingest))


def _track(number: int, **more: Any) -> dict[str, Any]:
    return {"event": "Report Exported", "messageId": f"t{number}", "timestamp": 1_790_000_000_000 + number} | more


async def test_the_order_in_which_sdks_speak_loses_nothing(own_ingest: IngestProcess) -> None:
    """Segment's SDK unmodified: identify, track, then group, each in a request of its own."""
    own_ingest.start()
    segment_sdk.write_key, segment_sdk.host = own_ingest.key, own_ingest.url
    segment_sdk.sync_mode, segment_sdk.max_retries = True, 1
    client = segment_sdk.Client(own_ingest.key, host=own_ingest.url, sync_mode=True, max_retries=1)
    client.identify("ada", {"department": "Finance"}, message_id="i1")
    client.track("ada", "Report Exported", {}, message_id="t1")
    client.page("ada", "Home", message_id="p1")
    assert await read_events(own_ingest) == []
    client.group("ada", "acme", {"plan": "Growth"}, message_id="g1")
    await _retaken(own_ingest, 3)
    events = {event["type"]: event for event in await read_events(own_ingest)}
    assert {kind: event["account_id"] for kind, event in events.items()} == dict.fromkeys(
        ("account.updated", "user.provisioned", "feature.used", "session.started"), "acme"
    )
    assert (events["user.provisioned"]["id"], events["feature.used"]["id"]) == ("i1", "t1")
    assert events["user.provisioned"]["properties"] == {"department": "Finance"}
    assert events["feature.used"]["properties"] == {"feature": "reports"}
    assert all(event["received_at"] >= event["occurred_at"] - 300_000 for event in events.values())
    assert own_ingest.metric("upswing_ingest_letters_retaken_total") == 3
    assert own_ingest.metric("upswing_ingest_letters_waiting") == 0


async def test_letters_wait_over_restarts_and_are_sent_once(own_ingest: IngestProcess) -> None:
    """Killed while a letter waits, and killed again after it was retaken: nothing is lost, nothing is sent again."""
    own_ingest.start()
    own_ingest.post("/v1/track", _track(1, userId="ada"))
    own_ingest.post("/v1/track", _track(2, anonymousId="visitor"))
    own_ingest.post("/v1/track", _track(3, userId="nobody"))
    own_ingest.post("/v1/track", {"event": "X", "messageId": "t4"})
    own_ingest.kill()
    own_ingest.start()
    own_ingest.post("/v1/group", {"userId": "ada", "anonymousId": "visitor", "groupId": "acme", "messageId": "g"})
    markers = await _retaken(own_ingest, 2)
    assert {(marker.event_id, marker.retaken_for, marker.line) for marker in markers} == {
        ("t1", "acme", ""),
        ("t2", "acme", ""),
    }
    expected = [("g", "acme", "ada"), ("t1", "acme", "ada"), ("t2", "acme", None)]
    assert await _logged(own_ingest) == expected
    own_ingest.kill()
    own_ingest.start()
    own_ingest.wait_for(lambda: own_ingest.metric("upswing_ingest_letters_waiting") == 1, PATIENCE)
    own_ingest.post("/v1/group", {"userId": "nobody", "groupId": "beta", "messageId": "h"})
    await _retaken(own_ingest, 3)
    assert await _logged(own_ingest) == [
        *expected[:1],
        ("h", "beta", "nobody"),
        *expected[1:],
        ("t3", "beta", "nobody"),
    ]
    assert own_ingest.stop() == 0


async def test_one_process_takes_back_what_another_refused(both: tuple[IngestProcess, IngestProcess]) -> None:
    """Letter and group call meet in the topics, one process sends the event, and a killed one is stood in for."""
    one, other = both
    other.key = one.key
    users = [f"user {number}" for number in range(20)]
    for user in users:
        one.post("/v1/track", {"event": "Report Exported", "messageId": f"t {user}", "userId": user})
    for user in users[:10]:
        other.post("/v1/group", {"userId": user, "groupId": "acme", "messageId": f"g {user}"})
    await _retaken(one, 10)
    assert sum(each.metric("upswing_ingest_letters_retaken_total") for each in both) == 10
    one.kill()
    for user in users[10:]:
        other.post("/v1/group", {"userId": user, "groupId": "acme", "messageId": f"g {user}"})
    await _retaken(one, 20)
    found = [event for event in await _logged(one) if event[0].startswith("t")]
    assert found == sorted((f"t {user}", "acme", user) for user in users)


async def test_a_letter_is_not_sent_again_however_far_behind_it_its_marker_lies(own_ingest: IngestProcess) -> None:
    """An older letter waits still, so after a restart all is read again: first to its end, and only then retaken."""
    own_ingest.start()
    for number in range(8):  # in every partition one that waits before the one that will not
        own_ingest.post("/v1/track", _track(number, userId="nobody"))
    own_ingest.post("/v1/track", _track(100, userId="ada"))
    crowd = [_track(number, userId=f"stranger {number}", type="track") for number in range(1_000, 5_000)]
    own_ingest.post("/v1/batch", {"batch": crowd})
    own_ingest.post("/v1/group", {"userId": "ada", "groupId": "acme", "messageId": "g"})
    await _retaken(own_ingest, 1)
    own_ingest.kill()
    own_ingest.start()
    own_ingest.wait_for(lambda: own_ingest.metric("upswing_ingest_letters_waiting") == 4_008, PATIENCE)
    own_ingest.post("/v1/group", {"userId": "nobody", "groupId": "beta", "messageId": "h"})
    await _retaken(own_ingest, 9)
    assert [event_id for event_id, _, _ in await _logged(own_ingest)].count("t100") == 1
