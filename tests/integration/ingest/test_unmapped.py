"""`upswing events unmapped`: what all ingest processes counted, over their restarts."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from shared.kernel.tallies import UnmappedTally
from tests.support.ingest import IngestProcess
from upswing.events.unmapped import read_tallies

UPSWING = str(Path(sys.executable).with_name("upswing"))
QUICK = 0.1
PATIENCE = 20.0
DEFAULT = str(Path("playbooks/default.yaml").absolute())


def _unmapped(ingest: IngestProcess, *more: str) -> dict[str, Any]:
    command = [
        UPSWING,
        "events",
        "unmapped",
        "--kafka",
        ingest.bootstrap,
        "--topic-prefix",
        ingest.prefix,
        "--json",
        *more,
    ]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own command
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    return found


async def _written(ingest: IngestProcess, name: str) -> int:
    tallies = await read_tallies(ingest.bootstrap, ingest.prefix)
    return sum(each.count for each in tallies if isinstance(each, UnmappedTally) and each.name == name)


async def _await_written(ingest: IngestProcess, name: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if await _written(ingest, name) == count:
            return
    raise AssertionError(f"{name}: {await _written(ingest, name)} are written, not {count}")


async def test_names_are_counted_over_restarts_and_processes(own_ingest: IngestProcess, tmp_path: Path) -> None:
    """Killed or stopped, one after another or at the same time; a row in the playbook takes its name off the list."""
    first = IngestProcess(
        tmp_path / "first",
        own_ingest.bootstrap,
        own_ingest.prefix,
        tally_seconds=QUICK,
    )
    second = IngestProcess(tmp_path / "second", own_ingest.bootstrap, own_ingest.prefix, tally_seconds=300)
    song = {"type": "track", "event": "Song Played", "context": {"groupId": "acme"}, "properties": {"seconds": 3}}
    first.start()
    second.start()
    try:
        assert first.post("/v1/batch", {"batch": [song] * 5}).json()["accepted"] == 5
        await _await_written(first, "Song Played", 5)
        first.kill()
        first.start()
        first.post("/v1/track", song | {"messageId": "latest", "properties": {"genre": "jazz"}})
        assert second.post("/v1/batch", {"batch": [song, song | {"event": "Report Exported"}]}).json()["accepted"] == 2
        assert second.stop() == 0  # what is not written yet is written now
        await _await_written(first, "Song Played", 7)
    finally:
        first.kill()
    found = _unmapped(own_ingest)
    (name,) = found["names"]
    assert (name["name"], name["source"], name["calls"]) == ("Song Played", "web", 7)
    assert name["properties"] == {"genre": ["text"], "seconds": ["number"]}
    assert name["first"] < name["last"]
    assert name["proposed"] == {"match": "Song Played", "type": "feature.used", "constants": {"feature": "song_played"}}
    plan = {
        "extends": DEFAULT,
        "version": "mapped",
        "tracking": {"rows": [name["proposed"]]},
    }
    mapped = tmp_path / "mapped.yaml"
    mapped.write_bytes(msgspec.json.encode(plan))
    nothing = {"names": [], "not_told_apart": {}, "mapped_by_now": 1, "stray_fields": []}
    assert _unmapped(own_ingest, "--playbook", str(mapped)) == nothing
