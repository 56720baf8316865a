"""Quotas of write keys over the running service: told when to come again, changed while it runs, whole in the end."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.ingest import IngestProcess

UPSWING = Path(sys.executable).with_name("upswing")


def sessions(name: str, number: int) -> list[dict[str, str]]:
    """Return events with ids of their own."""
    return [{"id": f"{name}-{each}", "type": "session.started", "account_id": "acme"} for each in range(number)]


def issue(ingest: IngestProcess, source: str, quota: int) -> str:
    """Issue a key with a quota by the command, and wait until it is valid."""
    keys = [UPSWING, "keys", "--file", ingest.keys_path]
    command = [*keys, "issue", source, "--quota", str(quota)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    key = done.stdout.strip()
    ingest.wait_for(lambda: ingest.post("/v1/events", b"[]", key=key).status_code == 200, 5)
    return key


def change(ingest: IngestProcess, key: str, quota: int) -> subprocess.CompletedProcess[str]:
    """Change the quota of a live key by the command."""
    command = [UPSWING, "keys", "--file", ingest.keys_path, "quota", key, str(quota)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


def test_the_client_that_comes_again_when_it_is_told_to_is_let_in(ingest: IngestProcess) -> None:
    """Ten seconds' worth at once, then the seconds of Retry-After, neither fewer nor many more."""
    key = issue(ingest, "patient", 20)
    assert ingest.post("/v1/events", sessions("first", 200), key=key).status_code == 200
    answer = ingest.post("/v1/events", sessions("second", 60), key=key)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    assert "20 events a second" in answer.json()["message"]
    wait = int(answer.headers["retry-after"])
    assert wait in {2, 3}, "three seconds' worth, less what has passed since"
    assert ingest.by_label("upswing_ingest_events_over_quota_total", "source")["patient"] == 60
    time.sleep(wait)
    assert ingest.post("/v1/events", sessions("second", 60), key=key).status_code == 200


def test_a_body_larger_than_the_burst_passes_once_and_is_paid_for_afterwards(ingest: IngestProcess) -> None:
    """No client is stuck for ever with a batch that it cannot cut; what it owes is told, at most 30 seconds at once."""
    key = issue(ingest, "large", 2)
    assert ingest.post("/v1/events", sessions("large", 500), key=key).status_code == 200
    answer = ingest.post("/v1/events", sessions("more", 1), key=key)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 30
    assert "try again in 240 s" in answer.json()["message"] or "try again in 241 s" in answer.json()["message"]


def test_the_quota_of_a_live_key_is_changed_without_a_restart(ingest: IngestProcess) -> None:
    """Up, and away; the list shows it."""
    key = issue(ingest, "growing", 1)
    assert ingest.post("/v1/events", sessions("a", 10), key=key).status_code == 200
    assert ingest.post("/v1/events", sessions("b", 100), key=key).status_code == 429
    assert "may send 100 events a second" in change(ingest, "growing", 100).stdout
    ingest.wait_for(lambda: ingest.post("/v1/events", sessions("b", 100), key=key).status_code == 200, 5)
    listed = [UPSWING, "keys", "--file", ingest.keys_path, "list", "--kafka", ingest.bootstrap]
    listed += ["--topic-prefix", ingest.prefix]
    shown = subprocess.run(listed, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own command
    (line,) = [line for line in shown.splitlines() if "growing" in line]
    assert "100/s" in line
    assert "may send any number" in change(ingest, "growing", 0).stdout
    assert "no key is called 'nobody'" in change(ingest, "nobody", 5).stderr


@pytest.mark.parametrize("quota", ["-1", "ten"])
def test_a_quota_is_a_whole_number(ingest: IngestProcess, quota: str) -> None:
    """Said by the command."""
    assert change(ingest, "web", quota).returncode == 2  # type: ignore[arg-type]  # what a person may type
