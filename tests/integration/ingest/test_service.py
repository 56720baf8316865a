"""Keys without restart, identities over restarts, readiness, quotas, and how the service starts and stops."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events, read_identities

UPSWING = str(Path(sys.executable).with_name("upswing"))
TRACK = {"event": "Song Played", "userId": "ada"}


def _upswing(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([UPSWING, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - our own command


def test_keys_are_issued_listed_and_revoked_while_the_service_runs(ingest: IngestProcess) -> None:
    """Without a restart, within a second or so."""
    keys = ["keys", "--file", str(ingest.keys_path)]
    issued = _upswing(*keys, "issue", "mobile")
    secret = issued.stdout.strip()
    body = {"id": "1", "type": "session.started", "account_id": "acme"}
    ingest.wait_for(lambda: ingest.post("/v1/events", body, key=secret).status_code == 200, 5)
    assert "mobile" in _upswing(*keys, "list").stdout
    assert secret not in ingest.keys_path.read_text()
    assert ingest.keys_path.stat().st_mode & 0o077 == 0
    assert _upswing(*keys, "revoke", "mobile").returncode == 0
    ingest.wait_for(lambda: ingest.post("/v1/events", body, key=secret).status_code == 401, 5)
    assert "no key is called 'mobile'" in _upswing(*keys, "revoke", "mobile").stderr
    assert "a source is called by" in _upswing(*keys, "issue", "Not A Source").stderr


def test_a_broken_keys_file_leaves_the_keys_of_before_in_force(ingest: IngestProcess) -> None:
    """It is said in the log, and mended by the next good file."""
    good = ingest.keys_path.read_bytes()
    ingest.keys_path.write_bytes(b"{")
    ingest.wait_for(lambda: "keys not read" in ingest.log_path.read_text(), 5)
    assert ingest.post("/v1/events", {"id": "1", "type": "session.started", "account_id": "a"}).status_code == 200
    assert "cannot be used" in _upswing("keys", "--file", str(ingest.keys_path), "list").stderr
    ingest.keys_path.write_bytes(good)


def test_a_key_beyond_its_quota_is_told_when_to_come_again(ingest: IngestProcess) -> None:
    """Ten seconds' worth may come at once."""
    key = ingest.issue("limited", quota=1)[1]
    body = [{"id": str(number), "type": "session.started", "account_id": "a"} for number in range(10)]
    ingest.wait_for(lambda: ingest.post("/v1/events", b"[]", key=key).status_code == 200, 5)
    assert ingest.post("/v1/events", body, key=key).status_code == 200
    answer = ingest.post("/v1/events", body, key=key)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    assert 1 <= int(answer.headers["retry-after"]) <= 10


def test_the_api_document_describes_every_route(ingest: IngestProcess) -> None:
    """The hot ones as well, though they are no routes of FastAPI."""
    schema = ingest.get("/openapi.json").json()
    assert {"/v1/batch", "/v1/track", "/v1/events", "/healthz", "/readyz", "/metrics"} <= schema["paths"].keys()
    assert "rejected" in schema["components"]["schemas"]["Reply"]["properties"]


async def test_identities_outlive_the_process(own_ingest: IngestProcess) -> None:
    """They are read to their end before the service is ready; an erased user is gone from them."""
    own_ingest.start()
    own_ingest.post("/v1/group", {"userId": "ada", "groupId": "acme"})
    own_ingest.post("/v1/group", {"userId": "bob", "groupId": "acme"})
    own_ingest.post("/v1/events", {"id": "1", "type": "user.erased", "account_id": "acme", "user_id": "bob"})
    own_ingest.kill()
    own_ingest.start()
    assert own_ingest.post("/v1/track", TRACK).json()["accepted"] == 1
    refused = own_ingest.post("/v1/track", TRACK | {"userId": "bob"}).json()["rejected"]
    assert [row["code"] for row in refused] == ["account_unknown"]
    assert own_ingest.metric("upswing_ingest_identities_known") == 1
    assert [value is None for _, value in await read_identities(own_ingest)].count(True) == 1
    assert own_ingest.stop() == 0


async def test_what_another_process_learns_is_known_here(own_ingest: IngestProcess, tmp_path: Path) -> None:
    """The topic is followed for ever."""
    other = IngestProcess(tmp_path / "other", own_ingest.bootstrap, own_ingest.prefix)
    own_ingest.start()
    other.start()
    try:
        assert own_ingest.post("/v1/track", TRACK).json()["accepted"] == 0
        other.post("/v1/group", {"userId": "ada", "groupId": "acme"})
        own_ingest.wait_for(lambda: own_ingest.post("/v1/track", TRACK).json()["accepted"] == 1, 10)
    finally:
        other.kill()


async def test_without_a_broker_or_its_topics_the_service_is_up_and_not_ready(
    kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    """It says what is missing, answers 503, and becomes ready by itself."""
    lonely = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    lonely.start(ready=False)
    try:
        lonely.wait_for(lambda: "upswing topics create" in lonely.get("/readyz").text, 20)
        assert lonely.get("/readyz").status_code == 503
        answer = lonely.post("/v1/events", {"id": "1", "type": "session.started", "account_id": "a"})
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        await ensure_topics(kafka.bootstrap, partitions=2, prefix=topic_prefix)
        lonely.wait_for(lambda: lonely.answers("/readyz"), 30)
        assert lonely.post("/v1/events", {"id": "1", "type": "session.started", "account_id": "a"}).status_code == 200
        assert [event["id"] for event in await read_events(lonely)] == ["1"]
    finally:
        lonely.kill()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": "http"}, "UPSWING_INGEST_PORT"),
        ({"pack_max_bytes": "5"}, "UPSWING_INGEST_PACK_MAX_BYTES"),
        ({"playbook": "nowhere.yaml"}, "cannot read nowhere.yaml"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(
    kafka: Broker, tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    """It names the setting, and the process ends with 1."""
    process = IngestProcess(tmp_path, kafka.bootstrap, "", **settings)
    with pytest.raises(AssertionError, match="ended"):
        process.start()
    last = process.log_path.read_text().strip().splitlines()[-1]
    assert words in last
    assert "Traceback" not in process.log_path.read_text()
    assert process.stop() == 1


def test_a_port_that_is_taken_is_one_clear_sentence(ingest: IngestProcess, tmp_path: Path) -> None:
    """The second process says what to set."""
    second = IngestProcess(tmp_path, ingest.bootstrap, ingest.prefix, port=ingest.port)
    with pytest.raises(AssertionError, match="ended"):
        second.start(true=lambda: False)
    assert f"cannot listen on 127.0.0.1:{ingest.port}" in second.log_path.read_text()
